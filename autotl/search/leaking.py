"""Sum up what the test part and the folds share with the images that are learned from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.api import Fold
from autotl.results import Leaks
from autotl.search.prepare import Prepared


def leaks_of(ready: Prepared) -> Leaks:
    """Return what leaks; copies that cleaning left out or gave no weight do not."""
    near, exact = ready.examined.near_leakage, ready.quality.leakage
    tested = len(ready.locked)
    copies, compared = (0, 0) if near is None else (near.images, near.compared)
    if exact.images > copies:
        copies, compared = exact.images, tested
    if ready.examined.cleaned.mode != "report":
        copies = 0
    across = ready.groups.across_test if ready.groups is not None else None
    return Leaks(copies, compared, 0 if across is None else across.images, exact.groups, tested)


SHARED = 0.01
"""The share of validation images with a near copy in training from which on folds are not independent."""


def independent_folds(ready: Prepared) -> bool:
    """Whether few validation images have a near copy, or an image of their group, in their training fold.

    Not if there was no time to look for all of these.
    """
    table, examined = ready.dataset.table, ready.examined
    if ready.decided.grouping.unfinished or "near copies" in examined.skipped:
        return False
    found = table["together"].to_numpy() if "together" in table else np.full(len(table), -1)
    numbers = [found, examined.copied] if len(examined.copied) else [found]
    return shared_with_training(ready.splits.first, numbers) < SHARED


def shared_with_training(folds: Sequence[Fold], numbers: Sequence[NDArray[np.int64]]) -> float:
    """Return the share of validation rows that have a row of their set in the training rows of their fold.

    Args:
        folds: Training and validation rows.
        numbers: For each kind of set, the number of each row's set, (rows,); -1 for none.
    """
    shared = total = 0
    for fold in folds:
        near = np.zeros(len(fold.val), dtype=bool)
        for each in numbers:
            near |= (each[fold.val] >= 0) & np.isin(each[fold.val], each[fold.train])
        shared, total = shared + int(near.sum()), total + len(fold.val)
    return shared / max(1, total)
