"""Found groups are moved into single folds, with few other changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from autotl.api import Dataset
from autotl.data import (
    count_divided_groups,
    fold_numbers,
    keep_groups_together,
    split,
    stratified_parts,
    with_groups,
)

Make = Callable[..., Dataset]


def random_sets(rows: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Sets of two to six rows of one class, in about half of the rows."""
    sets = []
    for label in np.unique(labels):
        own = rng.permutation(rows[labels[rows] == label])
        start = 0
        while start < len(own) / 2:
            size = int(rng.integers(2, 7))
            sets.append(tuple(sorted(own[start : start + size].tolist())))
            start += size
    return sets


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("most", [0, 2000, 10_000])
def test_no_fold_divides_a_group(make: Make, most: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autotl.data.splits.splitting._MAX_KFOLD_IMAGES", most)  # 0: one holdout
    rng = np.random.default_rng(seed)
    dataset = make([f"class {c}" for c in rng.integers(0, 3, 240)])
    labels = dataset.targets
    before = split(dataset, seed=seed)
    sets = random_sets(before.train, labels, rng)
    assert count_divided_groups(before, sets)
    together = with_groups(dataset, sets)
    after = keep_groups_together(together, before, seed=seed)
    assert not count_divided_groups(after, sets)
    assert after.kind == before.kind
    assert len(after.first) == len(before.first)
    assert after.test.tolist() == before.test.tolist()
    assert after.train.tolist() == before.train.tolist()
    whole = split(together, seed=seed)
    assert not count_divided_groups(whole, sets)
    for fold in after.folds:
        assert sorted([*fold.train, *fold.val]) == after.train.tolist()
        assert set(labels[fold.train]) == set(labels[fold.val]) == {0, 1, 2}
    assert max(len(fold.val) for fold in after.folds) < 1.5 * max(len(fold.val) for fold in before.folds)
    again = keep_groups_together(together, before, seed=seed)
    assert again.hash == after.hash


def test_undivided_groups_stay_in_their_fold(make: Make) -> None:
    dataset = make(["a"] * 60 + ["b"] * 60)
    before = split(dataset, seed=0)
    where = fold_numbers(len(dataset), before.first)
    assert keep_groups_together(dataset, before, seed=0) is before
    one, other = before.first[0].val[:2], before.first[1].val[:1]
    after = keep_groups_together(with_groups(dataset, [(*one.tolist(), *other.tolist())]), before, seed=0)
    moved = np.flatnonzero(fold_numbers(len(dataset), after.first) != where)
    assert 0 < len(moved) <= 3
    assert set(moved) <= {*one, *other}


def test_a_validation_part_of_the_users_own_is_not_changed(make: Make) -> None:
    parts = ["train"] * 20 + ["val"] * 10 + ["test"] * 10
    dataset = make(["a", "b"] * 20, parts=parts)
    before = split(dataset, seed=0)
    fold = before.folds[0]
    sets = [(int(fold.train[0]), int(fold.val[0]))]
    assert keep_groups_together(with_groups(dataset, sets), before, seed=0) is before


def test_the_test_part_that_is_made_here_and_other_divisions_keep_groups_whole(make: Make) -> None:
    rng = np.random.default_rng(0)
    dataset = make(["a"] * 100 + ["b"] * 100)
    sets = random_sets(np.arange(200), dataset.targets, rng)
    dataset = with_groups(dataset, sets)
    splits = split(dataset, seed=0)
    for part in (splits.test, *stratified_parts(dataset, splits.train, seed=0)):
        assert not any(0 < np.isin(rows, part).sum() < len(rows) for rows in sets)


def test_groups_that_a_holdout_divides_are_counted(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autotl.data.splits.splitting._MAX_KFOLD_IMAGES", 0)  # one holdout
    dataset = make(["a", "b"] * 60)
    before = split(dataset, seed=0)
    labels = dataset.targets[before.train]
    whole = [tuple(before.train[labels == label].tolist()) for label in (0, 1)]  # no class could be held out
    assert keep_groups_together(with_groups(dataset, whole), before, seed=0) is before
    assert count_divided_groups(before, whole) == 2
    one = before.folds[0]
    assert (
        count_divided_groups(
            before, [one.val[:2].tolist(), one.train[:3].tolist(), [one.val[2], one.train[4]]]
        )
        == 1
    )
