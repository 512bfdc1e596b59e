"""Build tables of data issues, for a page without pictures."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.report import format
from autotl.report.document.quality import Quality
from autotl.report.section import Table

MAX_ROWS = 200
"""Rows of a table; the title counts all."""


def issue_tables(quality: Quality, kind: str) -> tuple[Table, ...]:
    """Return the doubtful targets, leaks, copies and outliers.

    Args:
        quality: The data issues.
        kind: The kind of target.
    """
    doubtful = [(each.item, each.given, each.suggested) for each in quality.label_issues or ()]
    noun = "Numbers" if kind == "regression" else "Labels"
    copies = quality.near_duplicates.examples or quality.duplicates.examples
    outliers = [(each.item, each.label) for each in quality.outliers]
    return (
        _table(f"{noun} that look wrong", ("image", "given", "suggested"), doubtful),
        _table(
            "Test images that look like training images",
            ("test image", "training image"),
            [names[:2] for names in quality.near_leakage.examples if len(names) > 1],
        ),
        _table(
            "Images that look like copies, for example",
            ("image", "image"),
            [names[:2] for names in copies if len(names) > 1],
        ),
        _table("Images unlike the others", ("image", "class"), outliers),
    )


def _table(title: str, headings: tuple[str, ...], rows: Sequence[Sequence[str | None]]) -> Table:
    shown = tuple(tuple(format.name(cell) if cell else "" for cell in row) for row in rows[:MAX_ROWS])
    of = f"{MAX_ROWS:,} of {len(rows):,}" if len(rows) > MAX_ROWS else f"{len(rows):,}"
    return Table(headings, shown, title=f"{title} ({of})", folded=True)
