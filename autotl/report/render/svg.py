"""Draw the figures of a report."""

from __future__ import annotations

import re
from functools import cache

from autotl.report.built_sections import build_sections
from autotl.report.document.report import Report
from autotl.report.figures.canvas import STYLE, WIDE

VARIABLE = re.compile(r"var\(--(\w+)\)")


def drawings(report: Report, *, width: float = WIDE) -> dict[str, str]:
    """Return the figures with numbers as SVG text, by name."""
    figures = [figure for section in build_sections(report) for figure in section.figures]
    return {figure.name: drawn for figure in figures if (drawn := figure.draw(width))}


def figure_files(report: Report) -> dict[str, str]:
    """Return the figures as they are written to files, by name.

    They have the colours of the light page, on a white ground. They need no CSS variables, which many
    programs for drawings and slides do not know.
    """
    ground = '<rect width="100%" height="100%" class="page"/>'
    return {name: svg.replace(STYLE, f"{plain_style()}{ground}", 1) for name, svg in drawings(report).items()}


@cache
def plain_style() -> str:
    """Return the style of figures with light colours in place of variables."""
    light, _, rest = STYLE.partition("@media")
    colours = dict(re.findall(r"--(\w+):(#\w+)", light))
    rules = re.sub(r"--\w+:[^;]+;", "", light) + rest.partition("}}")[2]
    return VARIABLE.sub(lambda found: colours[found[1]], rules)
