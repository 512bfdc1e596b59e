"""Sum up the images that parts and folds share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.api import Fold
from autotl.evaluation import Leaks
from autotl.pipeline.prepare import Prepared

MAX_SHARED = 0.01
"""The fraction of validation images with a near copy in training from which folds are not independent."""


def leaks_of(prepared: Prepared) -> Leaks:
    """Return the leaks, without copies that cleaning removed."""
    near, exact = prepared.issues.near_leakage, prepared.quality.leakage
    tested = len(prepared.locked)
    found = [(exact.images, exact.of), *([] if near is None else [(near.images, near.compared)])]
    copies, compared = max(found, key=lambda each: each[0] / max(1, each[1]))
    if prepared.issues.cleaned.mode != "report":
        copies = 0
    across = prepared.groups.across_test if prepared.groups is not None else None
    related, of = (0, tested) if across is None else (across.images, across.of)
    return Leaks(copies, compared, related, exact.groups, of)


def independent_folds(prepared: Prepared, network: str) -> bool:
    """Return whether the folds of a network are independent.

    They are if few validation images have a near copy, or an image of their group, in training. They are not
    if there was no time to search for all of these, nor for networks that learn from extra images.

    Args:
        prepared: The prepared search.
        network: The name of the network.
    """
    extra = prepared.extra_images
    if extra is not None and network in extra.networks:
        return False
    splitting, issues, table = prepared.record.splitting, prepared.issues, prepared.dataset.table
    unfinished = splitting is not None and splitting.grouping.unfinished
    if unfinished or "near copies" in issues.skipped:
        return False
    groups = table["together"].to_numpy() if "together" in table else np.full(len(table), -1)
    numbers = [groups, issues.copied] if len(issues.copied) else [groups]
    return shared_with_training(prepared.splits.first, numbers) < MAX_SHARED


def shared_with_training(folds: Sequence[Fold], numbers: Sequence[NDArray[np.int64]]) -> float:
    """Return the fraction of validation rows with a relative in training.

    A relative is a row of the same set in the training rows of the same fold.

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
