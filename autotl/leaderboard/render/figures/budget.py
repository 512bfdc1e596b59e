"""Draw what more time brings: a line per entrant over budgets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autotl.clock import format_duration
from autotl.leaderboard.render.figures.labels import beside, legend
from autotl.leaderboard.render.units import score
from autotl.report.figures import canvas
from autotl.report.format import count
from autotl.report.metric_format import ACCURACY, Measure

_KINDS = {
    "autotl": ("circle", "s0", "autotl", "l-good", 2.5),
    "selector": ("diamond", "s3", "other search over all strategies", "l-ink", 1.5),
    "strategy": ("square", "s2", "strategy, searched", "axis", 1.0),
    "default": ("triangle", "s4", "strategy, default settings", "axis", 1.0),
}


@dataclass(frozen=True, slots=True)
class Spread:
    """One entrant's mean test score, of which higher is better, at each budget in seconds."""

    entrant: str
    kind: str
    points: tuple[tuple[float, float], ...]


def budget(spread: Sequence[Spread], *, measure: Measure = ACCURACY, width: float = canvas.WIDE) -> str:
    """Test score over budget (log scale), a line per entrant. Empty with fewer than two budgets."""
    spread = sorted(spread, key=lambda each: list(_KINDS).index(each.kind))
    every = sorted({at for each in spread for at, _ in each.points if at > 0})
    if len(every) < 2:
        return ""
    left, right = 48.0, width - 14
    kinds = [kind for kind in _KINDS if any(each.kind == kind for each in spread)]
    marks, top = legend([_KINDS[kind][:3] for kind in kinds], left=left, right=right, top=14)
    bottom = top + (290.0 if width >= 520 else 260.0)
    names_left = right - min(170.0, width * 0.3)
    floor, ceiling = measure.bounds
    low, high = canvas.span(
        [test for each in spread for _, test in each.points], floor=floor, ceiling=ceiling
    )
    across = canvas.Scale(math.log(every[0]), math.log(every[-1]), left + 10, names_left)
    up = canvas.Scale(low, high, bottom - 8, top + 8)
    parts = [*marks]
    for tick in canvas.ticks(low, high):
        parts.append(canvas.line(left, up(tick), right, up(tick)))
        label = measure.tick(measure.merit(tick))
        parts.append(canvas.text(left - 8, up(tick) + 4, label, css="soft small", anchor="end"))
    for at in every:
        x, label = across(math.log(at)), format_duration(at).replace(".0 s", " s")
        parts.append(canvas.line(x, bottom, x, bottom + 4, css="axis"))
        parts.append(canvas.text(x, bottom + 18, label, css="soft small", anchor="middle"))
    parts.append(canvas.line(left, bottom, right, bottom, css="axis"))
    parts.append(canvas.text(right, bottom + 36, "budget", css="soft small", anchor="end"))
    lasts = [(across(math.log(each.points[-1][0])), up(each.points[-1][1])) for each in spread]
    names = beside(
        lasts,
        [canvas.fit(each.entrant, right - names_left - 10, size=11) for each in spread],
        frame=(names_left - 4, top - 4, right, bottom),
    )
    for each, name in zip(reversed(spread), reversed(names), strict=True):  # autotl last, on top
        shape, css, _, stroke, thick = _KINDS[each.kind]
        places = [(across(math.log(at)), up(test)) for at, test in each.points]
        path = " ".join(f"{canvas.n(x)},{canvas.n(y)}" for x, y in places)
        drawn = f'<polyline points="{path}" class="{stroke} none" stroke-width="{canvas.n(thick)}"/>'
        dots = [canvas.mark(x, y, shape, css=f"{css} halo") for x, y in places]
        parts.append(canvas.group(_said(each, measure), drawn, *dots, name))
    return canvas.svg(
        "budget",
        width=width,
        height=bottom + 43,
        title=f"Mean test {measure.name} of {count(len(spread), 'entrant')} "
        f"over {count(len(every), 'budget')}",
        description="; ".join(_said(each, measure) for each in spread) + f".{measure.remark}",
        parts=parts,
    )


def _said(each: Spread, measure: Measure) -> str:
    told = ", ".join(f"{score(test, measure)} in {format_duration(at)}" for at, test in each.points)
    return f"{each.entrant}: {told}"
