"""Learn from fewer images, or test on fewer, where looking at all would take too much of the budget."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from autotl.api import Dataset, Fold, Splits
from autotl.data.splitting import hash_of
from autotl.seeds import derive

if TYPE_CHECKING:
    from autotl.api.dataset import Rows


def thin(dataset: Dataset, splits: Splits, most: int, *, seed: int) -> Splits:
    """The same split with about ``most`` training rows, each class by the same share, drawn from the seed.

    The test part is untouched, every class keeps two rows to learn from, and what was in different parts
    stays there. A split into several folds, which small data has, is given back as it is.
    """
    if len(splits.train) <= most or len(splits.folds) != 1:
        return splits
    share = most / len(splits.train)
    (fold,) = splits.folds
    labels = dataset.table["label"].to_numpy()
    rng = np.random.default_rng(derive(seed, "thin"))
    less = Fold(_some(fold.train, labels, share, 2, rng), _some(fold.val, labels, share, 1, rng))
    train = np.union1d(less.train, less.val)
    return replace(splits, train=train, folds=(less,), hash=hash_of(dataset, train, splits.test, (less,)))


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
    kept = []
    for label in np.unique(labels[rows]):
        own = rows[labels[rows] == label]
        count = min(len(own), max(least, round(share * len(own))))
        kept.append(rng.permutation(own)[:count])
    return np.sort(np.concatenate(kept))
