"""Plan which training rows to drop, or how to weight them.

The plan follows from the issues that were found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from autotl.api import TargetKind
from autotl.quality.labels import LabelIssues

MAX_DROP_CONFIDENCE = 0.05
"""The probability of the given class below which a row with a label issue is dropped."""
MIN_PER_CLASS = 2
"""Rows that every class keeps, if it has them."""
MAX_SAME_DIFFERENCE = 0.1
"""Standard deviations by which the numbers of copies may differ without a conflict."""

COPY = "shows the same image as another training image"
LABEL_ISSUE = "its label is probably wrong"
CONFLICT = "shows the same image as an image with another label"
LEAK = "shows the same image as a test image"
SEVERITY = (COPY, LABEL_ISSUE, CONFLICT, LEAK)
"""Faults from the least to the most harmful; a class keeps rows with less harmful ones first."""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Rows to drop, and weights for the others.

    Attributes:
        drop: Training rows to drop, rising.
        weights: Weights with mean 1, float64 (n,).
        why: The fault of each affected row, as the end of a sentence.
    """

    drop: NDArray[np.int64]
    weights: NDArray[np.float64]
    why: Mapping[int, str]


def conflicting(targets: NDArray[Any], groups: Sequence[Sequence[int]], kind: TargetKind) -> list[bool]:
    """Return whether the targets of each group of copies differ.

    Numbers differ if they are farther apart than 0.1 standard deviations.

    Args:
        targets: Encoded targets of the training rows, (n,) or (n, k).
        groups: Groups of training rows that show one image.
        kind: The kind of target.
    """
    values = targets.astype(np.float64)
    most = MAX_SAME_DIFFERENCE * values.std(0) if kind == "regression" else 0.0
    return [bool((np.ptp(values[list(group)], axis=0) > most).any()) for group in groups]


def plan_cleaning(
    *,
    labels: NDArray[np.int64],
    issues: LabelIssues,
    groups: Sequence[Sequence[int]],
    conflicts: Sequence[bool],
    leaks: Sequence[tuple[int, int]],
    mode: Literal["report", "drop", "weight"],
) -> Cleaning:
    """Decide what to do about the issues of the training rows.

    Mode "drop" removes leaked rows and rows whose given class has a probability below 0.05. It keeps one
    image of each group of copies, and none if their targets differ. The threshold is low because hard classes
    have correct labels with a low probability. Mode "weight" gives leaks weight 0, label issues the
    probability of their class, and a group of copies the weight of one image. Mode "report" changes nothing.

    Each class keeps at least two rows, those with the least harmful faults.

    Args:
        labels: Class indices of the training rows, (n,).
        issues: Label issues, with rows in [0, n).
        groups: Groups of training rows that show one image.
        conflicts: Whether the targets of each group differ; see :func:`conflicting`.
        leaks: Pairs (training row, test row) that show one image.
        mode: "report", "drop" or "weight".
    """
    if mode == "report":
        return Cleaning(np.empty(0, dtype=np.int64), np.ones(len(labels)), {})
    confidence = np.ones(len(labels))
    confidence[issues.rows] = issues.self_confidence
    faults = _faults(issues, groups, conflicts, leaks, MAX_DROP_CONFIDENCE if mode == "drop" else 1.0)
    if mode == "drop":
        for group in groups:
            copies = [row for row in group if faults[row] in (COPY, LABEL_ISSUE)]
            best = min(copies, key=lambda row: (-confidence[row], row), default=None)
            if best is not None and faults[best] == COPY:
                del faults[best]
        for row in _restored(labels, faults, confidence):
            del faults[row]
        return Cleaning(np.array(sorted(faults), dtype=np.int64), np.ones(len(labels)), faults)
    weights = confidence.copy()
    for group in groups:
        weights[list(group)] /= len(group)
    removed = {row: fault for row, fault in faults.items() if fault == LEAK}
    for row in _restored(labels, removed, confidence):
        del removed[row], faults[row]
    weights[list(removed)] = 0.0
    return Cleaning(np.empty(0, dtype=np.int64), weights / weights.mean(), faults)


def _faults(
    issues: LabelIssues,
    groups: Sequence[Sequence[int]],
    conflicts: Sequence[bool],
    leaks: Sequence[tuple[int, int]],
    max_confidence: float,
) -> dict[int, str]:
    """Return the most harmful fault of each row that has one."""
    found = [
        (row, CONFLICT if conflict else COPY)
        for group, conflict in zip(groups, conflicts, strict=True)
        for row in group
    ]
    found += [
        (row, LABEL_ISSUE)
        for row, confidence in zip(issues.rows.tolist(), issues.self_confidence, strict=True)
        if confidence < max_confidence
    ]
    found += [(row, LEAK) for row, _ in leaks]
    return dict(sorted(found, key=lambda each: SEVERITY.index(each[1])))


def _restored(
    labels: NDArray[np.int64], removed: Mapping[int, str], confidence: NDArray[np.float64]
) -> list[int]:
    """Return the removed rows that their class needs to keep its minimum size."""
    left = np.bincount(np.delete(labels, list(removed)), minlength=int(labels.max(initial=0)) + 1)
    kept = []
    for row in sorted(removed, key=lambda row: (SEVERITY.index(removed[row]), -confidence[row], row)):
        if left[labels[row]] < MIN_PER_CLASS:
            left[labels[row]] += 1
            kept.append(row)
    return kept
