"""Sum up what the test part and the folds share with the images that are learned from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.api import Fold
from autotl.evaluation import Leaks
from autotl.pipeline.prepare import Prepared


def leaks_of(ready: Prepared) -> Leaks:
    """Return what leaks; copies that cleaning left out or gave no weight do not."""
    near, exact = ready.examined.near_leakage, ready.quality.leakage
    tested = len(ready.locked)
    found = [(exact.images, exact.of), *([] if near is None else [(near.images, near.compared)])]
    copies, compared = max(found, key=lambda each: each[0] / max(1, each[1]))
    if ready.examined.cleaned.mode != "report":
        copies = 0
    across = ready.groups.across_test if ready.groups is not None else None
    related, of = (0, tested) if across is None else (across.images, across.of)
    return Leaks(copies, compared, related, exact.groups, of)


SHARED = 0.01
"""The share of validation images with a near copy in training from which on folds are not independent."""


def independent_folds(ready: Prepared, network: str) -> bool:
    """Whether few validation images have a near copy, or an image of their group, in their training fold.

    Not if there was no time to look for all of these, as for the images that only some networks learn from.
    """
    if ready.wider is not None and network in ready.wider.networks:
        return False
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
