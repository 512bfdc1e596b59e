"""Draw which family of strategies wins where, over size and likeness."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autotl.leaderboard.render.figures.labels import Box, beside, legend
from autotl.leaderboard.render.units import score
from autotl.leaderboard.stats.selection_rules import FAMILIES, SIMILAR, SMALL, advised
from autotl.report.figures import canvas
from autotl.report.format import count
from autotl.report.metric_format import ACCURACY, Measure

_LANE = 30.0


@dataclass(frozen=True, slots=True)
class Won:
    """A case, and the family of its best single strategy with that strategy's test score."""

    case: str
    n_train: int
    likeness: float | None
    family: str
    best: float | None


def territory(wins: Sequence[Won], *, measure: Measure = ACCURACY, width: float = canvas.WIDE) -> str:
    """Cases over training images (log scale) and likeness; colour and shape tell the winning family.

    Dashed lines are the rule of thumb's borders. Cases of unknown likeness stand in a lane of their own
    below. Empty where no case has a winner.
    """
    wins = [won for won in wins if won.family and won.n_train > 0]
    if not wins:
        return ""
    families = [family for family in FAMILIES if any(_family(won) == family for won in wins)]
    left, right = 46.0, width - 14
    marks, top = legend(
        [(_shape(family), _css(family), family) for family in families], left=left, right=right, top=14
    )
    bottom = top + (300.0 if width >= 520 else 260.0)
    unknown = any(won.likeness is None for won in wins)
    low, high = _decades([won.n_train for won in wins])
    across = canvas.Scale(low, high, left + 8, right - 8)
    up = canvas.Scale(0, 1, bottom - 8, top + 8)
    floor = bottom + (_LANE if unknown else 0)
    parts = [*marks, *_axes(across, up, floor, width=width, unknown=unknown)]
    places = [
        (
            across(math.log10(won.n_train)),
            up(won.likeness) if won.likeness is not None else bottom + _LANE / 2,
        )
        for won in wins
    ]
    rule, avoid = _rule(across, up) if width >= 520 else ([], [])
    parts += rule
    names = beside(
        places,
        [canvas.fit(won.case, 150, size=11) for won in wins],
        frame=(left, top - 6, right, floor),
        avoid=avoid,
    )
    for won, (x, y), name in zip(wins, places, names, strict=True):
        mark = canvas.mark(x, y, _shape(_family(won)), css=f"{_css(_family(won))} halo", size=6)
        parts.append(canvas.group(_said(won, measure), mark, name))
    said = "; ".join(_said(won, measure) for won in wins)
    return canvas.svg(
        "territory",
        width=width,
        height=floor + 42,
        title=f"The winning family on {count(len(wins), 'case')}, by size and likeness",
        description=f"{said}.",
        parts=parts,
    )


def _axes(across: canvas.Scale, up: canvas.Scale, floor: float, *, width: float, unknown: bool) -> list[str]:
    left, right, bottom = across.start - 8, across.end + 8, up.start + 8
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(canvas.line(left, up(share), right, up(share)))
        parts.append(canvas.text(left - 8, up(share) + 4, f"{share:g}", css="soft small", anchor="end"))
    for power in range(math.ceil(across.low - 1e-9), math.floor(across.high + 1e-9) + 1):
        x = across(power)
        parts.append(canvas.line(x, floor, x, floor + 4, css="axis"))
        parts.append(canvas.text(x, floor + 18, f"{10**power:,}", css="soft small", anchor="middle"))
    parts.append(canvas.line(left, up(SIMILAR), right, up(SIMILAR), css="axis", dash="5 4"))
    if across.low < math.log10(SMALL) < across.high:
        border = across(math.log10(SMALL))
        parts.append(canvas.line(border, up(1), border, up(0), css="axis", dash="5 4"))
    if unknown:
        parts.append(canvas.line(left, bottom, right, bottom, dash="2 3"))
        parts.append(canvas.text(left - 8, bottom + _LANE / 2 + 4, "?", css="soft small", anchor="end"))
    parts.append(canvas.line(left, floor, right, floor, css="axis"))
    axis = "training images" if width < 520 else "training images; upwards: likeness to the source, 0 to 1"
    parts.append(canvas.text(right, floor + 36, axis, css="soft small", anchor="end"))
    return parts


def _rule(across: canvas.Scale, up: canvas.Scale) -> tuple[list[str], list[Box]]:
    """What the rule of thumb suggests, in the corners that its borders make, and the room that takes."""
    parts, boxes = [], []
    for n_train, x, anchor in ((SMALL - 1, across.start, "start"), (SMALL, across.end, "end")):
        if not across.low < math.log10(n_train) < across.high:
            continue
        for likeness, y in ((1.0, up(1) + 15), (0.0, up(0) - 7)):
            word = f"rule: {advised(n_train=n_train, shots=0, n_classes=1, likeness=likeness)[0]}"
            parts.append(canvas.text(x, y, word, css="soft small", anchor=anchor))
            wide = canvas.text_width(word, size=11)
            first = x if anchor == "start" else x - wide
            boxes.append((first, y - 10, first + wide, y + 3))
    return parts, boxes


def _decades(sizes: Sequence[int]) -> tuple[float, float]:
    """Logarithms that hold all sizes with some air, and one power of ten at least."""
    low, high = math.log10(min(sizes)) - 0.15, math.log10(max(sizes)) + 0.15
    if math.floor(high) < math.ceil(low):
        return math.floor(low), float(math.ceil(high))
    return low, high


def _family(won: Won) -> str:
    return won.family if won.family in FAMILIES else "other"


def _css(family: str) -> str:
    return f"s{FAMILIES.index(family)}"


def _shape(family: str) -> str:
    return canvas.SHAPES[FAMILIES.index(family)]


def _said(won: Won, measure: Measure) -> str:
    likeness = f"likeness {won.likeness:.2f}" if won.likeness is not None else "unknown likeness"
    best = f" with {score(won.best, measure)}" if won.best is not None else ""
    return f"{won.case}, {won.n_train:,} images, {likeness}: {won.family}{best}"
