"""The split depends on pixels and divides no group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from autotl.api import Dataset, Splits
from autotl.data import split
from autotl.errors import DataError

Make = Callable[..., Dataset]


def labels(dataset: Dataset, rows: np.ndarray) -> Counter[str]:
    return Counter(dataset.classes[label] for label in dataset.targets[rows])


def check(dataset: Dataset, splits: Splits) -> None:
    """Check the rules of every split."""
    assert not set(splits.train) & set(splits.test)
    assert set(splits.train) | set(splits.test) == set(range(len(dataset)))
    sides = [(splits.train, splits.test)] + [(fold.train, fold.val) for fold in splits.folds]
    for one, other in sides:
        assert len(one)
        assert len(other)
        for column in ("group", "digest"):
            values = dataset.table[column]
            assert not set(values[one].dropna()) & set(values[other].dropna())
    for fold in splits.folds:
        assert sorted([*fold.train, *fold.val]) == splits.train.tolist()
        assert set(labels(dataset, fold.train)) == set(dataset.classes)


def test_a_small_dataset_gets_a_stratified_test_part_and_five_folds(make: Make) -> None:
    dataset = make(["a"] * 40 + ["b"] * 20)
    splits = split(dataset, seed=0)
    check(dataset, splits)
    assert labels(dataset, splits.test) == {"a": 8, "b": 4}
    assert splits.kind == "kfold"
    assert [len(fold.val) for fold in splits.first] == [10, 10, 9, 10, 9]
    assert splits.held_out == 10 / 48
    assert sorted(np.concatenate([fold.val for fold in splits.first])) == splits.train.tolist()
    assert all(labels(dataset, fold.val)["b"] in (3, 4) for fold in splits.folds)


def test_the_split_depends_on_pixels_and_seed_and_not_on_names_or_order(make: Make) -> None:
    names = ["a"] * 30 + ["b"] * 30
    first = split(make(names), seed=0)
    again = split(make(names, order=range(59, -1, -1), prefix="elsewhere/"), seed=0)
    assert again.hash == first.hash
    assert again.test.tolist() == first.test.tolist()
    other = split(make(names), seed=1)
    assert other.hash != first.hash
    assert other.test.tolist() != first.test.tolist()


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_group_never_straddles_the_split(make: Make, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"class {c}" for c in rng.integers(0, 4, 160)]
    groups = [f"group {g}" if g < 25 else None for g in rng.integers(0, 40, 160)]  # groups mix classes
    dataset = make(names, groups=groups)
    splits = split(dataset, seed=seed, test=share)
    check(dataset, splits)
    assert set(labels(dataset, splits.test)) == set(dataset.classes)


def test_copies_of_an_image_stay_on_one_side_even_with_other_labels(make: Make) -> None:
    names = ["a"] * 30 + ["b"] * 30
    dataset = make(names, pictures=[row % 20 for row in range(60)])
    check(dataset, split(dataset, seed=0))


def test_groups_joined_by_a_copy_are_one(make: Make) -> None:
    names = ["a", "b"] * 20
    groups = [f"g{row // 2}" for row in range(40)]
    pictures = [*range(38), 0, 2]  # the last group holds copies from the first and the second
    dataset = make(names, groups=groups, pictures=pictures)
    splits = split(dataset, seed=3)
    check(dataset, splits)
    table = dataset.table
    sides = [set(table["group"].iloc[rows]) & {"g0", "g1", "g19"} for rows in (splits.train, splits.test)]
    assert sorted(map(len, sides)) == [0, 3]


def test_every_class_is_tested_and_trained_on_however_rare(make: Make) -> None:
    names = ["common"] * 200 + ["rare"] * 3 + ["rarer"] * 3
    dataset = make(names)
    splits = split(dataset, seed=0, test=0.05)
    check(dataset, splits)
    assert labels(dataset, splits.test)["rare"] == 1
    assert len(splits.first) == 5  # the rare classes sit some of them out


def test_a_class_of_a_single_group_is_always_trained_on(make: Make) -> None:
    names = ["one group"] * 10 + ["many"] * 30
    dataset = make(names, groups=["x"] * 10 + [f"g{row}" for row in range(30)])
    splits = split(dataset, seed=0)
    check(dataset, splits)
    assert "one group" not in labels(dataset, splits.test)


def test_uneven_groups_fill_the_test_part_as_asked(make: Make) -> None:
    groups = [f"g{int(row**0.5)}" for row in range(400)]
    dataset = make(["a", "b"] * 200, groups=groups)
    splits = split(dataset, seed=0)
    check(dataset, splits)
    assert 60 <= len(splits.test) <= 100


def test_a_class_with_fewer_than_two_training_images_is_named(make: Make) -> None:
    with pytest.raises(DataError, match=r"'b' .1 to train on, 1 in the test part"):
        split(make(["a"] * 10 + ["b"] * 2), seed=0)
    with pytest.raises(DataError, match=r"'b' .1 to train on, 0"):
        split(make(["a"] * 10 + ["b"]), seed=0)


def test_data_of_one_group_per_class_cannot_be_split(make: Make) -> None:
    with pytest.raises(DataError, match="two groups or more for a test part"):
        split(make(["a"] * 5 + ["b"] * 5, groups=["x"] * 5 + ["y"] * 5), seed=0)


@pytest.mark.parametrize("share", [0, -0.1, 0.91, float("nan"), True])
def test_an_invalid_test_share_is_refused(make: Make, share: float) -> None:
    with pytest.raises(DataError, match="test must be a share"):
        split(make(["a", "b"] * 10), seed=0, test=share)


def test_from_2000_training_images_on_there_is_one_holdout(make: Make) -> None:
    dataset = make(["a", "b"] * 1250)
    splits = split(dataset, seed=0)
    check(dataset, splits)
    assert splits.kind == "holdout"
    assert [len(fold.val) for fold in splits.folds] == [300]
    assert split(make(["a", "b"] * 1249), seed=0).kind == "kfold"


def test_a_given_test_part_is_kept_and_the_rest_folded(make: Make) -> None:
    dataset = make(["a", "b"] * 20, parts=(["train"] * 3 + ["test"]) * 10)
    splits = split(dataset, seed=0)
    check(dataset, splits)
    assert (dataset.table["part"].iloc[splits.test] == "test").all()
    assert len(splits.test) == 10
    assert splits.kind == "kfold"


def test_a_given_validation_part_is_the_only_fold(make: Make) -> None:
    parts = (["train"] * 6 + ["val"] * 2 + ["test"] * 2) * 4
    dataset = make(["a", "b"] * 20, parts=parts)
    splits = split(dataset, seed=0)
    check(dataset, splits)
    assert splits.kind == "given"
    assert (dataset.table["part"].iloc[splits.folds[0].val] == "val").all()
    assert len(splits.train) == 32
    assert splits.held_out == 0


def test_with_validation_but_no_test_given_the_test_comes_from_train(make: Make) -> None:
    dataset = make(["a", "b"] * 20, parts=(["train"] * 8 + ["val"] * 2) * 4)
    splits = split(dataset, seed=0)
    check(dataset, splits)
    assert (dataset.table["part"].iloc[splits.test] == "train").all()
    assert len(splits.folds[0].val) == 8


def test_a_test_part_alone_cannot_be_learned_from(make: Make) -> None:
    with pytest.raises(DataError, match="must have a part 'train'"):
        split(make(["a", "b"], parts=["test", "test"]), seed=0)
    with pytest.raises(DataError, match=r"'b' .0 to train on"):
        split(make(["a", "a", "a", "b"], parts=["train", "train", "test", "test"]), seed=0)
