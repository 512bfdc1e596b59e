"""Describe the test scores of several labels."""

from __future__ import annotations

from dataclasses import replace

from autotl.report import figures, format
from autotl.report.document.evaluation import LabelScore
from autotl.report.document.report import Report
from autotl.report.section import Bar, Cell, Figure, Table

MOST_ROWS = 12
"""Labels up to which the page shows the whole table."""
WEAKEST = 8
"""Labels that the page shows otherwise."""


def sentences(report: Report) -> list[str]:
    """Describe the numbers of labels, and the weakest label."""
    found, per_image = report.test.per_label, report.test.labels_per_image
    parts = ["A label is predicted if its probability is above 0.5."]
    if per_image is not None:
        parts.append(
            f"An image has {per_image[0]:.2f} labels on average, and {per_image[1]:.2f} are predicted."
        )
    scored = [each for each in found if each.average_precision is not None]
    if scored:
        weakest = min(scored, key=_precision)
        parts.append(
            f"The weakest label is {format.name(weakest.name)}: its average precision is "
            f"{format.percent(weakest.average_precision)}."
        )
    if absent := [each for each in found if each.n == 0]:
        names = format.listing(format.name(each.name) for each in absent)
        parts.append(f"No test image has the label {names}, so its scores are not known.")
    return parts


def tables(report: Report) -> tuple[Table, ...]:
    """Return the scores of each label, the lowest average precision first."""
    found = sorted(report.test.per_label, key=lambda each: (each.average_precision is None, _precision(each)))
    headings = (
        "label",
        "images",
        "average precision",
        "precision",
        "recall",
        "F1",
    )
    rows = tuple(map(_row, found))
    table = Table(headings, rows, frozenset(range(1, len(headings))), style="classes sortable")
    if len(rows) <= MOST_ROWS:
        return (table,)
    return (
        replace(table, rows=rows[:WEAKEST], title="The weakest labels", page_only=True),
        replace(table, title=f"All {len(rows)} labels", folded=True),
    )


def drawings(report: Report) -> tuple[Figure, ...]:
    """Return the bars of each label's average precision."""
    bars = [
        figures.LabelBar(format.value(each.name), each.n or 0, each.average_precision, each.f1)
        for each in report.test.per_label
    ]
    caption = (
        "Average precision of each label (bar) and its F1 at a probability of 0.5 (mark). "
        "The most frequent labels come first."
    )
    return (Figure("labels", caption, lambda width: figures.labels(bars, width=width), place="beside"),)


def _precision(each: LabelScore) -> float:
    return each.average_precision or 0.0


def _row(each: LabelScore) -> tuple[Cell, ...]:
    precision = each.average_precision
    bar: Cell = format.DASH
    if precision is not None:
        bar = Bar(format.percent(precision), min(max(precision, 0.0), 1.0))
    return (
        format.name(each.name),
        format.value(each.n),
        bar,
        _with_interval(each.precision, each.precision_ci95),
        _with_interval(each.recall, each.recall_ci95),
        format.percent(each.f1),
    )


def _with_interval(share: float | None, ci95: format.Interval | None) -> Cell:
    return Bar(format.percent(share), note=format.span(ci95) if ci95 else "")
