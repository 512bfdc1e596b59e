"""What to do about the faults that were found: which rows to drop, or how much each should weigh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autotl.quality.labels import LabelIssues

SURELY = 0.05  # the probability of its own class below which a doubtful label is dropped
LEFT = 2  # rows that every class keeps, where it has them

COPY = "shows the same picture as another training image"
DOUBT = "its label is doubtful"
CONFLICT = "shows the same picture as an image with another label"
LEAK = "shows the same picture as a test image"
GRAVITY = (COPY, DOUBT, CONFLICT, LEAK)
"""From what does least harm to what does most: the order in which a class takes rows back."""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Training rows to ``drop``, rising, the ``weights`` float64 (n,) of mean 1 of all of them, and ``why``
    each of the rows that were touched was, as the end of a sentence.
    """

    drop: NDArray[np.int64]
    weights: NDArray[np.float64]
    why: Mapping[int, str]


def plan_cleaning(
    *,
    labels: NDArray[np.int64],
    issues: LabelIssues,
    groups: Sequence[Sequence[int]],
    leaks: Sequence[tuple[int, int]],
    mode: Literal["report", "drop", "weight"],
) -> Cleaning:
    """What follows from findings about the training rows whose labels (n,) are given.

    All rows are places among those; only the second of each of ``leaks`` is a test row, and test rows are
    left alone. ``"drop"`` takes out rows that are in the test part, labels whose class has a probability
    below 0.05 (hard classes have doubtful labels that are right), all but the least doubtful image of each
    group, and whole groups whose labels differ. ``"weight"`` gives leaks no weight, doubtful labels the
    probability of their class, and a group the weight of one image. A class keeps at least two rows, those
    with the least harmful faults. ``"report"`` touches nothing.
    """
    if mode == "report":
        return Cleaning(np.empty(0, dtype=np.int64), np.ones(len(labels)), {})
    trust = np.ones(len(labels))
    trust[issues.rows] = issues.self_confidence
    faults = _faults(labels, issues, groups, leaks, SURELY if mode == "drop" else 1.0)
    if mode == "drop":
        for group in groups:
            copies = [row for row in group if faults[row] in (COPY, DOUBT)]
            best = min(copies, key=lambda row: (-trust[row], row), default=None)
            if best is not None and faults[best] == COPY:
                del faults[best]
        for row in _kept(labels, faults, trust):
            del faults[row]
        return Cleaning(np.array(sorted(faults), dtype=np.int64), np.ones(len(labels)), faults)
    weights = trust.copy()
    for group in groups:
        weights[list(group)] /= len(group)
    gone = {row: why for row, why in faults.items() if why == LEAK}
    for row in _kept(labels, gone, trust):
        del gone[row], faults[row]
    weights[list(gone)] = 0.0
    return Cleaning(np.empty(0, dtype=np.int64), weights / weights.mean(), faults)


def _faults(
    labels: NDArray[np.int64],
    issues: LabelIssues,
    groups: Sequence[Sequence[int]],
    leaks: Sequence[tuple[int, int]],
    doubtful: float,
) -> dict[int, str]:
    """The worst fault of each row that has one; a label is one whose class is less probable than
    ``doubtful``.
    """
    found = [
        (row, COPY if len(set(labels[list(group)])) == 1 else CONFLICT) for group in groups for row in group
    ]
    found += [
        (row, DOUBT)
        for row, trust in zip(issues.rows.tolist(), issues.self_confidence, strict=True)
        if trust < doubtful
    ]
    found += [(row, LEAK) for row, _ in leaks]
    return dict(sorted(found, key=lambda each: GRAVITY.index(each[1])))


def _kept(labels: NDArray[np.int64], gone: Mapping[int, str], trust: NDArray[np.float64]) -> list[int]:
    """The rows among ``gone`` without which their class would have too few."""
    left = np.bincount(np.delete(labels, list(gone)), minlength=int(labels.max(initial=0)) + 1)
    kept = []
    for row in sorted(gone, key=lambda row: (GRAVITY.index(gone[row]), -trust[row], row)):
        if left[labels[row]] < LEFT:
            left[labels[row]] += 1
            kept.append(row)
    return kept
