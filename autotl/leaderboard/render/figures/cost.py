"""Draw the normalised score over the time of a run.

Each entrant has a mark.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autotl.clock import format_duration
from autotl.leaderboard.render.figures.labels import labels_beside
from autotl.report.figures import canvas
from autotl.report.figures.axes import legend
from autotl.report.format import count, ends

_KINDS = {
    "autotl": ("circle", "s0", "autotl"),
    "selector": ("circle", "s3", "other search over all strategies"),
    "strategy": ("square", "s2", "strategy, searched"),
    "default": ("diamond", "s4", "strategy, default settings"),
    "peer": ("triangle", "s1", "other system"),
}
"""Shape, CSS class and label of each kind of entrant."""
_TICKS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18000, 36000, 86400)
"""Possible ticks of the time axis, in seconds."""


@dataclass(frozen=True, slots=True)
class CostPoint:
    """The mark of one entrant.

    Attributes:
        entrant: Name of the entrant.
        kind: Kind of the entrant.
        seconds: Median time of a run.
        score: Mean normalised score, in [0, 1].
        ci95: Its 95 % interval; None if unknown.
    """

    entrant: str
    kind: str
    seconds: float
    score: float
    ci95: tuple[float, float] | None = None


def cost_figure(points: Sequence[CostPoint], *, width: float = canvas.WIDE) -> str:
    """Draw normalised score over seconds (log scale).

    Args:
        points: The entrants.
        width: Width in pixels.

    Returns:
        SVG text; empty without entrants.
    """
    points = [each for each in points if each.seconds > 0]
    if not points:
        return ""
    left, right = 40.0, width - 14
    kinds = [kind for kind in _KINDS if any(each.kind == kind for each in points)]
    marks, top = legend([_KINDS[kind] for kind in kinds], left=left, right=right, top=14)
    bottom = top + (270.0 if width >= 520 else 240.0)
    low, high = (math.log10(end(each.seconds for each in points)) for end in (min, max))
    across = canvas.Scale(low - 0.12, high + 0.12, left + 10, right - 10)
    up = canvas.Scale(0, 1, bottom - 10, top + 10)
    parts = [*marks, *_axes(across, up, left=left, right=right, bottom=bottom)]
    positions = [(across(math.log10(each.seconds)), up(each.score)) for each in points]
    names = labels_beside(
        positions,
        [canvas.fit(each.entrant, 170, size=11) for each in points],
        frame=(left, top - 4, right, bottom),
        avoid=[
            (x - 1, up(pair[1]), x + 1, up(pair[0]))
            for each, (x, _) in zip(points, positions, strict=True)
            if (pair := ends(each.ci95))
        ],
    )
    parts += [_mark(each, x, up, name) for each, (x, _), name in zip(points, positions, names, strict=True)]
    described = "; ".join(
        f"{each.entrant} {each.score:.2f} in {format_duration(each.seconds)}" for each in points
    )
    return canvas.svg(
        "cost",
        width=width,
        height=bottom + 43,
        title=f"Normalised score and median time of {count(len(points), 'entrant')}",
        description=f"{described}.",
        parts=parts,
    )


def _axes(across: canvas.Scale, up: canvas.Scale, *, left: float, right: float, bottom: float) -> list[str]:
    parts = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(canvas.line(left, up(tick), right, up(tick)))
        parts.append(canvas.text(left - 8, up(tick) + 4, f"{tick:g}", css="soft small", anchor="end"))
    parts += _time_ticks(across, bottom)
    parts.append(canvas.line(left, bottom, right, bottom, css="axis"))
    parts.append(canvas.text(right, bottom + 36, "median time of a run", css="soft small", anchor="end"))
    return parts


def _time_ticks(across: canvas.Scale, bottom: float) -> list[str]:
    parts, free_from = [], -math.inf
    for seconds in _TICKS:
        value = math.log10(seconds)
        if not across.low <= value <= across.high:
            continue
        label = format_duration(seconds).replace(".0 s", " s")
        half = canvas.text_width(label, size=11) / 2
        x = across(value)
        parts.append(canvas.line(x, bottom, x, bottom + 4, css="axis"))
        if x - half > free_from:
            parts.append(canvas.text(x, bottom + 18, label, css="soft small", anchor="middle"))
            free_from = x + half + 6
    return parts


def _mark(each: CostPoint, x: float, up: canvas.Scale, name: str) -> str:
    shape, css, _ = _KINDS[each.kind]
    pair = ends(each.ci95)
    whisker = [canvas.line(x, up(pair[0]), x, up(pair[1]), css="axis")] if pair else []
    mark = canvas.mark(x, up(each.score), shape, css=f"{css} halo", size=6)
    described = f"{each.entrant}: {each.score:.2f} in {format_duration(each.seconds)}"
    return canvas.group(described, *whisker, mark, name)
