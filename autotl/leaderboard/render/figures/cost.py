"""Draw what scores cost: a mark per entrant over seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autotl.clock import format_duration
from autotl.leaderboard.render.figures.labels import beside, legend
from autotl.report.figures import canvas
from autotl.report.format import count, ends

_KINDS = {
    "autotl": ("circle", "s0", "autotl"),
    "selector": ("circle", "s3", "other search over all strategies"),
    "strategy": ("square", "s2", "strategy, searched"),
    "default": ("diamond", "s4", "strategy, default settings"),
    "peer": ("triangle", "s1", "other system"),
}
_TIMES = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18000, 36000, 86400)


@dataclass(frozen=True, slots=True)
class Spent:
    """One entrant: its median seconds a run, and its mean normalised score with its interval."""

    entrant: str
    kind: str
    seconds: float
    score: float
    ci95: tuple[float, float] | None = None


def cost(spent: Sequence[Spent], *, width: float = canvas.WIDE) -> str:
    """Normalised score over seconds (log scale); up and to the left is better. Empty without entrants."""
    spent = [each for each in spent if each.seconds > 0]
    if not spent:
        return ""
    left, right = 40.0, width - 14
    kinds = [kind for kind in _KINDS if any(each.kind == kind for each in spent)]
    marks, top = legend([_KINDS[kind] for kind in kinds], left=left, right=right, top=14)
    bottom = top + (270.0 if width >= 520 else 240.0)
    low, high = (math.log10(end(each.seconds for each in spent)) for end in (min, max))
    across = canvas.Scale(low - 0.12, high + 0.12, left + 10, right - 10)
    up = canvas.Scale(0, 1, bottom - 10, top + 10)
    parts = [*marks]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(canvas.line(left, up(share), right, up(share)))
        parts.append(canvas.text(left - 8, up(share) + 4, f"{share:g}", css="soft small", anchor="end"))
    parts += _times(across, bottom)
    parts.append(canvas.line(left, bottom, right, bottom, css="axis"))
    parts.append(canvas.text(right, bottom + 36, "median time of a run", css="soft small", anchor="end"))
    places = [(across(math.log10(each.seconds)), up(each.score)) for each in spent]
    names = beside(
        places,
        [canvas.fit(each.entrant, 170, size=11) for each in spent],
        frame=(left, top - 4, right, bottom),
        avoid=[
            (x - 1, up(pair[1]), x + 1, up(pair[0]))
            for each, (x, _) in zip(spent, places, strict=True)
            if (pair := ends(each.ci95))
        ],
    )
    for each, (x, y), name in zip(spent, places, names, strict=True):
        shape, css, _ = _KINDS[each.kind]
        pair = ends(each.ci95)
        whisker = [canvas.line(x, up(pair[0]), x, up(pair[1]), css="axis")] if pair else []
        said = f"{each.entrant}: {each.score:.2f} in {format_duration(each.seconds)}"
        parts.append(canvas.group(said, *whisker, canvas.mark(x, y, shape, css=f"{css} halo", size=6), name))
    said = "; ".join(f"{each.entrant} {each.score:.2f} in {format_duration(each.seconds)}" for each in spent)
    return canvas.svg(
        "cost",
        width=width,
        height=bottom + 43,
        title=f"Normalised score and median time of {count(len(spent), 'entrant')}",
        description=f"{said}.",
        parts=parts,
    )


def _times(across: canvas.Scale, bottom: float) -> list[str]:
    parts, free = [], -math.inf
    for seconds in _TIMES:
        place = math.log10(seconds)
        if not across.low <= place <= across.high:
            continue
        label = format_duration(seconds).replace(".0 s", " s")
        half = canvas.text_width(label, size=11) / 2
        x = across(place)
        parts.append(canvas.line(x, bottom, x, bottom + 4, css="axis"))
        if x - half > free:
            parts.append(canvas.text(x, bottom + 18, label, css="soft small", anchor="middle"))
            free = x + half + 6
    return parts
