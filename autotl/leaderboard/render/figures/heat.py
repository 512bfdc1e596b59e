"""Draw every score: a line per case, a column per entrant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autotl.leaderboard.render.units import score
from autotl.report.figures import canvas
from autotl.report.format import count
from autotl.report.metric_format import ACCURACY, Measure

DEEPEST = 0.5
"""Opacity of the best cell; deeper, and the number on it would be too faint in light or dark."""

_ROW = 26.0


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A mean test score (None: failed) and its place between worst (0) and best (1) of the case."""

    test: float | None
    normalised: float


def heat(
    lines: Sequence[tuple[str, Mapping[str, HeatCell]]],
    entrants: Sequence[str],
    *,
    noun: str = "case",
    measure: Measure = ACCURACY,
    width: float = canvas.WIDE,
) -> str:
    """A heat map of ``lines`` (a case or another ``noun``, its cells by entrant), empty without any.

    Gaps are where nobody measured.
    """
    if not lines or not entrants:
        return ""
    label = min(max(canvas.text_width(name) for name, _ in lines) + 14, width * 0.32)
    top = min(max(canvas.text_width(name, size=11) for name in entrants), 150.0) * 0.78 + 22
    overhang = 46.0 if width < 520 else 70.0  # of the slanted names beyond the last column
    cell = min((width - label - overhang) / len(entrants), 84.0)
    parts = []
    for i, name in enumerate(entrants):
        x = label + cell * (i + 0.5)
        parts.append(_slanted(x, top - 8, canvas.fit(name, min((width - x) / 0.65, 150), size=11)))
    winners: list[str] = []
    for row, (name, cells) in enumerate(lines):
        y = top + _ROW * row
        parts.append(canvas.text(0, y + _ROW / 2 + 4, canvas.fit(name, label - 10)))
        highest = max((cell.test for cell in cells.values() if cell.test is not None), default=None)
        for i, entrant in enumerate(entrants):
            if (found := cells.get(entrant)) is not None:
                best = found.test is not None and found.test == highest
                winners += [entrant] if best else []
                said = f"{entrant} on {name}"
                parts.append(_cell(label + cell * i, y, cell, found, said, measure, best=best))
    most = max(entrants, key=winners.count)
    return canvas.svg(
        "heat",
        width=width,
        height=top + _ROW * len(lines) + 6,
        title=f"Test {measure.name} of {count(len(entrants), 'entrant')} on {count(len(lines), noun)}",
        description="Shades go from the worst score of a line to its best, which is set in bold. "
        f"{most} is best, or shares the first place, on {count(winners.count(most), noun)}.",
        parts=parts,
    )


def _slanted(x: float, y: float, content: str) -> str:
    turned = canvas.text(0, 0, content, css="small")
    return f'<g transform="translate({canvas.n(x)} {canvas.n(y)}) rotate(-50)">{turned}</g>'


def _cell(
    x: float, y: float, width: float, cell: HeatCell, said: str, measure: Measure, *, best: bool
) -> str:
    size = " small" if width < 44 else ""
    middle, base = x + width / 2, y + _ROW / 2 + 4
    if cell.test is None:
        word = "×" if size else "failed"
        return canvas.group(
            f"{said}: failed", canvas.text(middle, base, word, css="bad small", anchor="middle")
        )
    shade = 0.04 + (DEEPEST - 0.04) * cell.normalised
    told = score(cell.test, measure)
    number = told.removesuffix("%")
    if size:
        number = f"{100 * cell.test:.0f}" if measure.percent else number[:-1]
    css = f"{'strong' if best else ''}{size}".strip()
    return canvas.group(
        f"{said}: {told}",
        canvas.rect(x + 1, y + 1, width - 2, _ROW - 2, css="good", opacity=shade, round_=3),
        canvas.text(middle, base, number, css=css, anchor="middle"),
    )
