"""Small data is divided several times, differently each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from autotl.api import Dataset, Fold, Splits
from autotl.data import split, split_hash, without_rows

Make = Callable[..., Dataset]
NAMES = ["a"] * 40 + ["b"] * 20
GROUPS = [f"g{row // 2}" if row < 30 else None for row in range(60)]


def repeats_of(splits: Splits) -> list[tuple[Fold, ...]]:
    k = len(splits.first)
    assert len(splits.folds) == splits.repeats * k
    return [splits.folds[start : start + k] for start in range(0, len(splits.folds), k)]


def test_every_training_row_is_validated_once_in_each_repeat(make: Make) -> None:
    dataset = make(NAMES, groups=GROUPS)
    splits = split(dataset, seed=0)
    assert splits.repeats == 3
    labels, groups = dataset.targets, dataset.table["group"]
    for folds in repeats_of(splits):
        assert sorted(np.concatenate([fold.val for fold in folds])) == splits.train.tolist()
        for fold in folds:
            assert sorted([*fold.train, *fold.val]) == splits.train.tolist()
            assert Counter(labels[fold.val])[1] in (3, 4)  # 16 in five folds
            assert not set(groups[fold.train].dropna()) & set(groups[fold.val].dropna())


def test_the_first_repeat_equals_the_folds_without_repeats(make: Make) -> None:
    dataset = make(NAMES, groups=GROUPS)
    splits = split(dataset, seed=0)
    name = split_hash(dataset, splits.train, splits.test, splits.first)
    assert name == "bc62f50992b14d5bacfda36619d37f88"  # the split's whole hash at that time
    assert splits.hash != name


def test_the_repeats_are_cut_otherwise_and_again_the_same(make: Make) -> None:
    dataset = make(NAMES)
    splits = split(dataset, seed=0)
    assert len({fold.val.tobytes() for fold in splits.folds}) == 15
    assert split(dataset, seed=0).hash == splits.hash


@pytest.mark.parametrize(("train", "repeats"), [(498, 3), (500, 1)])
def test_larger_data_is_divided_once(make: Make, train: int, repeats: int) -> None:
    parts = ["train"] * train + ["test"] * 10
    splits = split(make(["a", "b"] * ((train + 10) // 2), parts=parts), seed=0)
    assert (splits.repeats, len(splits.first), len(splits.train)) == (repeats, 5, train)


def test_a_handful_of_images_gets_no_equal_repeats(make: Make) -> None:
    splits = split(make(["a"] * 3 + ["b"] * 3), seed=0)
    vals = [frozenset(fold.val.tobytes() for fold in folds) for folds in repeats_of(splits)]
    assert len(set(vals)) == len(vals)


def test_rows_left_out_leave_every_repeat_whole(make: Make) -> None:
    dataset = make(NAMES)
    splits = split(dataset, seed=0)
    gone = splits.train[:7]
    less = without_rows(dataset, splits, gone)
    assert (less.repeats, len(less.first)) == (3, 5)
    for folds in repeats_of(less):
        assert sorted(np.concatenate([fold.val for fold in folds])) == splits.train[7:].tolist()
    assert not any(set(gone) & {*fold.train, *fold.val} for fold in less.folds)


def test_a_repeat_that_loses_a_fold_is_left_out(make: Make) -> None:
    dataset = make(["a"] * 8 + ["b"] * 8)
    splits = split(dataset, seed=0)
    second = splits.folds[len(splits.first)]
    less = without_rows(dataset, splits, second.val)
    kept = repeats_of(less)
    assert len(less.first) == len(splits.first)
    assert all(len(fold.val) for folds in kept for fold in folds)
    assert less.repeats < splits.repeats


def test_a_given_validation_part_is_not_repeated(make: Make) -> None:
    splits = split(make(["a", "b"] * 20, parts=(["train"] * 6 + ["val"] * 2 + ["test"] * 2) * 4), seed=0)
    assert (splits.repeats, len(splits.folds), splits.first) == (1, 1, splits.folds)
