"""Draw all scores as a heat map of cases × entrants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autotl.leaderboard.render.metric_text import score_text
from autotl.report.figures import canvas
from autotl.report.format import count
from autotl.report.metric_format import ACCURACY, Measure

MAX_OPACITY = 0.5
"""Opacity of the best cell; with more, its number would be hard to read in light or dark mode."""
MIN_OPACITY = 0.04

_ROW = 26.0


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A cell of the heat map.

    Attributes:
        test: Mean test score; None if it failed.
        normalised: Normalised score of the case, from 0 (worst) to 1 (best).
    """

    test: float | None
    normalised: float


def heat_figure(
    lines: Sequence[tuple[str, Mapping[str, HeatCell]]],
    entrants: Sequence[str],
    *,
    noun: str = "case",
    measure: Measure = ACCURACY,
    width: float = canvas.WIDE,
) -> str:
    """Draw a heat map; cells without measurement are empty.

    Args:
        lines: Name of each line, and its cells by entrant.
        entrants: The entrants, in the order of the columns.
        noun: The thing that a line stands for.
        measure: Format of the scores.
        width: Width in pixels.

    Returns:
        SVG text; empty without lines or entrants.
    """
    if not lines or not entrants:
        return ""
    label = min(max(canvas.text_width(name) for name, _ in lines) + 14, width * 0.32)
    top = min(max(canvas.text_width(name, size=11) for name in entrants), 150.0) * 0.78 + 22
    overhang = 46.0 if width < 520 else 70.0  # of the rotated name of the last column
    cell = min((width - label - overhang) / len(entrants), 84.0)
    parts = []
    for i, name in enumerate(entrants):
        x = label + cell * (i + 0.5)
        parts.append(_rotated(x, top - 8, canvas.fit(name, min((width - x) / 0.65, 150), size=11)))
    winners: list[str] = []
    for row, (name, cells) in enumerate(lines):
        y = top + _ROW * row
        parts.append(canvas.text(0, y + _ROW / 2 + 4, canvas.fit(name, label - 10)))
        highest = max((each.test for each in cells.values() if each.test is not None), default=None)
        for i, entrant in enumerate(entrants):
            if (found := cells.get(entrant)) is not None:
                best = found.test is not None and found.test == highest
                winners += [entrant] if best else []
                where = f"{entrant} on {name}"
                parts.append(_cell((label + cell * i, y), cell, found, where, measure, best=best))
    leader = max(entrants, key=winners.count)
    return canvas.svg(
        "heat",
        width=width,
        height=top + _ROW * len(lines) + 6,
        title=f"Test {measure.name} of {count(len(entrants), 'entrant')} on {count(len(lines), noun)}",
        description="Shades go from the worst score of a line to its best, which is bold. "
        f"{leader} is best, or shares the first place, on {count(winners.count(leader), noun)}.",
        parts=parts,
    )


def _rotated(x: float, y: float, content: str) -> str:
    text = canvas.text(0, 0, content, css="small")
    return f'<g transform="translate({canvas.n(x)} {canvas.n(y)}) rotate(-50)">{text}</g>'


def _cell(
    corner: tuple[float, float], width: float, cell: HeatCell, where: str, measure: Measure, *, best: bool
) -> str:
    x, y = corner
    size = " small" if width < 44 else ""
    middle, base = x + width / 2, y + _ROW / 2 + 4
    if cell.test is None:
        failed = canvas.text(middle, base, "×" if size else "failed", css="bad small", anchor="middle")
        return canvas.group(f"{where}: failed", failed)
    opacity = MIN_OPACITY + (MAX_OPACITY - MIN_OPACITY) * cell.normalised
    score = score_text(cell.test, measure)
    number = score.removesuffix("%")
    if size:
        number = f"{100 * cell.test:.0f}" if measure.percent else number[:-1]
    css = f"{'strong' if best else ''}{size}".strip()
    return canvas.group(
        f"{where}: {score}",
        canvas.rect(x + 1, y + 1, width - 2, _ROW - 2, css="good", opacity=opacity, round_=3),
        canvas.text(middle, base, number, css=css, anchor="middle"),
    )
