"""Learn from fewer images, or test on fewer, where looking at all would take too much of the budget."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from autotl.api import Dataset, Fold, Splits
from autotl.data.splits.splitting import hash_of, without
from autotl.seeds import derive

if TYPE_CHECKING:
    from autotl.api.dataset import Rows


def thin(dataset: Dataset, splits: Splits, most: int, *, seed: int) -> Splits:
    """The same split with about ``most`` training rows, each class by the same share, drawn from the seed.

    The test part is untouched, every class keeps two rows to learn from, and what was in different parts, or
    in the validation parts of different folds, stays there.
    """
    if len(splits.train) <= most:
        return splits
    share = most / len(splits.train)
    labels = dataset.table["label"].to_numpy()
    rng = np.random.default_rng(derive(seed, "thin"))
    if len(splits.folds) > 1:
        rest, kept = splits.train, []
        for fold in splits.folds:  # a class that a fold validates on stays in it
            kept.append(_some(np.intersect1d(fold.val, rest), labels, share, 1, rng))
            rest = np.setdiff1d(rest, fold.val)
        return without(dataset, splits, np.setdiff1d(splits.train, np.concatenate([rest, *kept])))
    (fold,) = splits.folds
    less = Fold(_some(fold.train, labels, share, 2, rng), _some(fold.val, labels, share, 1, rng))
    train = np.union1d(less.train, less.val)
    return replace(splits, train=train, folds=(less,), hash=hash_of(dataset, train, splits.test, (less,)))


def widened(dataset: Dataset, splits: Splits, more: Rows, most: int, *, seed: int) -> Splits:
    """Return a single fold that learns from about ``most`` of the rows ``more`` too.

    Args:
        dataset: The images.
        splits: A split into one fold. Its validation and test rows stay as they are.
        more: Rows of neither part.
        most: How many of them are drawn, each class by the same share.
        seed: What they are drawn by.
    """
    (fold,) = splits.folds
    if len(more) > most:
        labels = dataset.table["label"].to_numpy()
        rng = np.random.default_rng(derive(seed, "widen"))
        more = _some(more, labels, most / len(more), 0, rng)
    wider = Fold(np.union1d(fold.train, more), fold.val)
    train = np.union1d(splits.train, more)
    return replace(splits, train=train, folds=(wider,), hash=hash_of(dataset, train, splits.test, (wider,)))


def thin_test(dataset: Dataset, splits: Splits, most: int, *, seed: int) -> Splits:
    """The same split with about ``most`` test rows, each class by the same share and with one at least, drawn
    from the seed. The others are looked at by nobody.
    """
    if len(splits.test) <= most:
        return splits
    rng = np.random.default_rng(derive(seed, "thin", "test"))
    labels = dataset.table["label"].to_numpy()
    test = _some(splits.test, labels, most / len(splits.test), 1, rng)
    return replace(splits, test=test, hash=hash_of(dataset, splits.train, test, splits.folds))


def _some(rows: Rows, labels: Rows, share: float, least: int, rng: np.random.Generator) -> Rows:
    kept = [rows[:0]]
    for label in np.unique(labels[rows]):
        own = rows[labels[rows] == label]
        count = min(len(own), max(least, round(share * len(own))))
        kept.append(rng.permutation(own)[:count])
    return np.sort(np.concatenate(kept))
