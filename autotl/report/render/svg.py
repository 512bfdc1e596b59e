"""Draw the figures of a report."""

from __future__ import annotations

from autotl.report.built_sections import build_sections
from autotl.report.document.report import Report
from autotl.report.figures.canvas import WIDE


def drawings(report: Report, *, width: float = WIDE) -> dict[str, str]:
    """Return the figures with numbers as SVG text, by name."""
    figures = [figure for section in build_sections(report) for figure in section.figures]
    return {figure.name: drawn for figure in figures if (drawn := figure.draw(width))}
