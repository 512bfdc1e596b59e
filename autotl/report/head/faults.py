"""List the faults of the data for the strip below the heading."""

from __future__ import annotations

from collections.abc import Iterator

from autotl.report import format
from autotl.report.document.report import Report
from autotl.report.section import Fault

LABELS, LEAKS, COPIES, OUTLIERS = "issue-labels", "issue-leaks", "issue-copies", "issue-outliers"
"""Anchors of the pictures."""
UNREADABLE = "issue-unreadable"
"""Anchor of the table of unreadable files."""
MOST_LISTED = 200
"""Doubtful labels that a report lists: there may be more."""


def faults(report: Report, leaks: tuple[int, int]) -> tuple[Fault, ...]:
    """Return the faults of the data, the worst first.

    Args:
        report: The report.
        leaks: Test images that are copies of training images, and the compared test images.
    """
    return tuple([*_leaks(leaks), *_labels(report), *_copies(report), *_unreadable(report)])


def _leaks(leaks: tuple[int, int]) -> Iterator[Fault]:
    copies, compared = leaks
    if copies and compared:
        yield Fault(f"{format.percent(copies / compared)} of the test images leak", LEAKS, severe=True)


def _labels(report: Report) -> Iterator[Fault]:
    found = report.quality.label_issues or ()
    doubted = len({each.item for each in found})
    if doubted:
        least = "at least " if len(found) >= MOST_LISTED else ""
        noun = "number" if report.target.kind == "regression" else "label"
        yield Fault(f"{least}{format.count(doubted, f'doubtful {noun}')}", LABELS)


def _copies(report: Report) -> Iterator[Fault]:
    exact, near = report.quality.duplicates, report.quality.near_duplicates
    if exact.conflicting:
        truth = report.words.truth.removesuffix("s")
        yield Fault(f"{format.count(exact.conflicting, 'set')} of copies with different {truth}s", COPIES)
    if images := near.images or exact.images:
        yield Fault(f"{format.count(images, 'training image')} with copies", COPIES)


def _unreadable(report: Report) -> Iterator[Fault]:
    if files := len(report.quality.unreadable or {}):
        yield Fault(format.count(files, "unreadable file"), UNREADABLE)
