"""Draw the mean test score over the budget.

Each entrant has a line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autotl.clock import format_duration
from autotl.leaderboard.render.figures.labels import labels_beside
from autotl.leaderboard.render.metric_text import score_text
from autotl.report.figures import canvas
from autotl.report.figures.axes import legend
from autotl.report.format import count
from autotl.report.metric_format import ACCURACY, Measure

_KINDS = {
    "autotl": ("circle", "s0", "autotl", "l-good", 2.5),
    "selector": ("diamond", "s3", "other search over all strategies", "l-ink", 1.5),
    "strategy": ("square", "s2", "strategy, searched", "axis", 1.0),
    "default": ("triangle", "s4", "strategy, default settings", "axis", 1.0),
}
"""Shape, CSS class, label, line class and line width of each kind of entrant."""


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """The line of one entrant.

    Attributes:
        entrant: Name of the entrant.
        kind: Kind of the entrant.
        points: Budget in seconds, and mean test score (higher is better).
    """

    entrant: str
    kind: str
    points: tuple[tuple[float, float], ...]


def budget_figure(
    lines: Sequence[BudgetLine], *, measure: Measure = ACCURACY, width: float = canvas.WIDE
) -> str:
    """Draw test score over budget (log scale).

    Args:
        lines: The entrants.
        measure: Format of the scores.
        width: Width in pixels.

    Returns:
        SVG text; empty with fewer than two budgets.
    """
    lines = sorted(lines, key=lambda each: list(_KINDS).index(each.kind))
    budgets = sorted({at for each in lines for at, _ in each.points if at > 0})
    if len(budgets) < 2:
        return ""
    left, right = 48.0, width - 14
    kinds = [kind for kind in _KINDS if any(each.kind == kind for each in lines)]
    marks, top = legend([_KINDS[kind][:3] for kind in kinds], left=left, right=right, top=14)
    bottom = top + (290.0 if width >= 520 else 260.0)
    names_left = right - min(170.0, width * 0.3)
    floor, ceiling = measure.bounds
    low, high = canvas.span([test for each in lines for _, test in each.points], floor=floor, ceiling=ceiling)
    across = canvas.Scale(math.log(budgets[0]), math.log(budgets[-1]), left + 10, names_left)
    up = canvas.Scale(low, high, bottom - 8, top + 8)
    parts = [*marks, *_axes(across, up, budgets, right=right, measure=measure)]
    lasts = [(across(math.log(each.points[-1][0])), up(each.points[-1][1])) for each in lines]
    names = labels_beside(
        lasts,
        [canvas.fit(each.entrant, right - names_left - 10, size=11) for each in lines],
        frame=(names_left - 4, top - 4, right, bottom),
    )
    for each, name in zip(reversed(lines), reversed(names), strict=True):  # autotl last, on top
        parts.append(_line(each, name, across, up, measure))
    return canvas.svg(
        "budget",
        width=width,
        height=bottom + 43,
        title=f"Mean test {measure.name} of {count(len(lines), 'entrant')} "
        f"over {count(len(budgets), 'budget')}",
        description="; ".join(_described(each, measure) for each in lines) + f".{measure.remark}",
        parts=parts,
    )


def _axes(
    across: canvas.Scale, up: canvas.Scale, budgets: Sequence[float], *, right: float, measure: Measure
) -> list[str]:
    left, bottom = across.start - 10, up.start + 8
    parts = []
    for tick in canvas.ticks(up.low, up.high):
        parts.append(canvas.line(left, up(tick), right, up(tick)))
        label = measure.tick(measure.merit(tick))
        parts.append(canvas.text(left - 8, up(tick) + 4, label, css="soft small", anchor="end"))
    for at in budgets:
        x, label = across(math.log(at)), format_duration(at).replace(".0 s", " s")
        parts.append(canvas.line(x, bottom, x, bottom + 4, css="axis"))
        parts.append(canvas.text(x, bottom + 18, label, css="soft small", anchor="middle"))
    parts.append(canvas.line(left, bottom, right, bottom, css="axis"))
    parts.append(canvas.text(right, bottom + 36, "budget", css="soft small", anchor="end"))
    return parts


def _line(each: BudgetLine, name: str, across: canvas.Scale, up: canvas.Scale, measure: Measure) -> str:
    shape, css, _, line_css, line_width = _KINDS[each.kind]
    points = [(across(math.log(at)), up(test)) for at, test in each.points]
    path = " ".join(f"{canvas.n(x)},{canvas.n(y)}" for x, y in points)
    line = f'<polyline points="{path}" class="{line_css} none" stroke-width="{canvas.n(line_width)}"/>'
    dots = [canvas.mark(x, y, shape, css=f"{css} halo") for x, y in points]
    return canvas.group(_described(each, measure), line, *dots, name)


def _described(each: BudgetLine, measure: Measure) -> str:
    points = ", ".join(f"{score_text(test, measure)} in {format_duration(at)}" for at, test in each.points)
    return f"{each.entrant}: {points}"
