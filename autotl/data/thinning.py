"""Learn from fewer images where looking at all of them would take too much of the budget."""

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
    draw = np.random.default_rng(derive(seed, "thin"))

    def some(rows: Rows, least: int) -> Rows:
        kept = []
        for label in np.unique(labels[rows]):
            own = rows[labels[rows] == label]
            count = min(len(own), max(least, round(share * len(own))))
            kept.append(draw.permutation(own)[:count])
        return np.sort(np.concatenate(kept))

    less = Fold(some(fold.train, 2), some(fold.val, 1))
    train = np.union1d(less.train, less.val)
    return replace(splits, train=train, folds=(less,), hash=hash_of(dataset, train, splits.test, (less,)))
