"""Reduce a split to fewer images, or add images to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from autotl.api import Dataset, Fold, Splits
from autotl.data.splits.splitting import split_hash, without_rows
from autotl.data.splits.strata import strata_of
from autotl.seeds import derive

if TYPE_CHECKING:
    from autotl.api.dataset import Rows


def subsample_train(dataset: Dataset, splits: Splits, most: int, *, seed: int) -> Splits:
    """Return the split with about ``most`` training rows, stratified by class.

    The test set is not changed, every class keeps two training rows, and each row stays in its part and fold.

    Args:
        dataset: The images.
        splits: The split.
        most: The number of training rows to keep.
        seed: The seed of the sample.
    """
    if len(splits.train) <= most:
        return splits
    share = most / len(splits.train)
    strata = strata_of(dataset)
    rng = np.random.default_rng(derive(seed, "thin"))
    if len(splits.folds) > 1:
        rest, kept = splits.train, []
        for fold in splits.folds:  # a class that a fold validates on stays in the fold
            kept.append(_sample(np.intersect1d(fold.val, rest), strata, share, 1, rng))
            rest = np.setdiff1d(rest, fold.val)
        return without_rows(dataset, splits, np.setdiff1d(splits.train, np.concatenate([rest, *kept])))
    (fold,) = splits.folds
    smaller = Fold(_sample(fold.train, strata, share, 2, rng), _sample(fold.val, strata, share, 1, rng))
    return _with_fold(dataset, splits, smaller, np.union1d(smaller.train, smaller.val))


def with_extra_rows(dataset: Dataset, splits: Splits, more: Rows, most: int, *, seed: int) -> Splits:
    """Return the split with extra rows to learn from.

    Args:
        dataset: The images.
        splits: A split with one fold. Its validation and test rows are not changed.
        more: The extra rows, which are in no part.
        most: The number of extra rows to add, stratified by class.
        seed: The seed of the sample.
    """
    (fold,) = splits.folds
    if len(more) > most:
        strata = strata_of(dataset)
        rng = np.random.default_rng(derive(seed, "widen"))
        more = _sample(more, strata, most / len(more), 0, rng)
    larger = Fold(np.union1d(fold.train, more), fold.val)
    return _with_fold(dataset, splits, larger, np.union1d(splits.train, more))


def subsample_test(dataset: Dataset, splits: Splits, most: int, *, seed: int) -> Splits:
    """Return the split with about ``most`` test rows.

    Each class keeps one or more.

    Args:
        dataset: The images.
        splits: The split.
        most: The number of test rows to keep, stratified by class. The others are not used.
        seed: The seed of the sample.
    """
    if len(splits.test) <= most:
        return splits
    rng = np.random.default_rng(derive(seed, "thin", "test"))
    strata = strata_of(dataset)
    test = _sample(splits.test, strata, most / len(splits.test), 1, rng)
    return replace(splits, test=test, hash=split_hash(dataset, splits.train, test, splits.folds))


def _with_fold(dataset: Dataset, splits: Splits, fold: Fold, train: Rows) -> Splits:
    digest = split_hash(dataset, train, splits.test, (fold,))
    return replace(splits, train=train, folds=(fold,), hash=digest)


def _sample(rows: Rows, strata: Rows, share: float, minimum: int, rng: np.random.Generator) -> Rows:
    """Draw a share of each stratum's rows, ``minimum`` or more."""
    kept = [rows[:0]]
    for stratum in np.unique(strata[rows]):
        own = rows[strata[rows] == stratum]
        count = min(len(own), max(minimum, round(share * len(own))))
        kept.append(rng.permutation(own)[:count])
    return np.sort(np.concatenate(kept))
