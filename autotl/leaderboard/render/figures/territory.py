"""Draw the winning family of each case over data size and likeness."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autotl.leaderboard.render.figures.labels import Box, labels_beside
from autotl.leaderboard.render.metric_text import score_text
from autotl.leaderboard.stats.selection_rules import FAMILIES, MANY_IMAGES, SIMILAR, suggested_families
from autotl.report.figures import canvas
from autotl.report.figures.axes import legend
from autotl.report.format import count
from autotl.report.metric_format import ACCURACY, Measure

_LANE = 30.0
"""Height of the lane for cases of unknown likeness, in pixels."""


@dataclass(frozen=True, slots=True)
class WinningFamily:
    """The best single strategy of a case.

    Attributes:
        case: Name of the case.
        n_train: Number of training images.
        likeness: Similarity to the source data, in [0, 1]; None if unknown.
        family: Family of the strategy; empty if there is none.
        best: Its test score; None if there is none.
    """

    case: str
    n_train: int
    likeness: float | None
    family: str
    best: float | None


def territory_figure(
    cases: Sequence[WinningFamily], *, measure: Measure = ACCURACY, width: float = canvas.WIDE
) -> str:
    """Draw cases over training images (log scale) and likeness.

    Colour and shape show the winning family. Dashed lines are the borders of the rule of thumb. Cases of
    unknown likeness have a lane at the bottom.

    Args:
        cases: The cases.
        measure: Format of the scores.
        width: Width in pixels.

    Returns:
        SVG text; empty if no case has a winner.
    """
    cases = [case for case in cases if case.family and case.n_train > 0]
    if not cases:
        return ""
    families = [family for family in FAMILIES if any(_family(case) == family for case in cases)]
    left, right = 46.0, width - 14
    marks, top = legend(
        [(_shape(family), _css(family), family) for family in families], left=left, right=right, top=14
    )
    bottom = top + (300.0 if width >= 520 else 260.0)
    unknown = any(case.likeness is None for case in cases)
    low, high = _size_range([case.n_train for case in cases])
    across = canvas.Scale(low, high, left + 8, right - 8)
    up = canvas.Scale(0, 1, bottom - 8, top + 8)
    floor = bottom + (_LANE if unknown else 0)
    rule, avoid = _rule_labels(across, up) if width >= 520 else ([], [])
    parts = [*marks, *_axes(across, up, floor, width=width, unknown=unknown), *rule]
    parts += _marks(cases, across, up, frame=(left, top - 6, right, floor), avoid=avoid, measure=measure)
    described = "; ".join(_described(case, measure) for case in cases)
    return canvas.svg(
        "territory",
        width=width,
        height=floor + 42,
        title=f"The winning family on {count(len(cases), 'case')}, by size and likeness",
        description=f"{described}.",
        parts=parts,
    )


def _marks(
    cases: Sequence[WinningFamily],
    across: canvas.Scale,
    up: canvas.Scale,
    *,
    frame: Box,
    avoid: Sequence[Box],
    measure: Measure,
) -> list[str]:
    lane = up.start + 8 + _LANE / 2
    positions = [
        (across(math.log10(case.n_train)), up(case.likeness) if case.likeness is not None else lane)
        for case in cases
    ]
    names = labels_beside(
        positions, [canvas.fit(case.case, 150, size=11) for case in cases], frame=frame, avoid=avoid
    )
    parts = []
    for case, (x, y), name in zip(cases, positions, names, strict=True):
        mark = canvas.mark(x, y, _shape(_family(case)), css=f"{_css(_family(case))} halo", size=6)
        parts.append(canvas.group(_described(case, measure), mark, name))
    return parts


def _axes(across: canvas.Scale, up: canvas.Scale, floor: float, *, width: float, unknown: bool) -> list[str]:
    left, right, bottom = across.start - 8, across.end + 8, up.start + 8
    parts = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(canvas.line(left, up(tick), right, up(tick)))
        parts.append(canvas.text(left - 8, up(tick) + 4, f"{tick:g}", css="soft small", anchor="end"))
    for power in range(math.ceil(across.low - 1e-9), math.floor(across.high + 1e-9) + 1):
        x = across(power)
        parts.append(canvas.line(x, floor, x, floor + 4, css="axis"))
        parts.append(canvas.text(x, floor + 18, f"{10**power:,}", css="soft small", anchor="middle"))
    parts.append(canvas.line(left, up(SIMILAR), right, up(SIMILAR), css="axis", dash="5 4"))
    if across.low < math.log10(MANY_IMAGES) < across.high:
        border = across(math.log10(MANY_IMAGES))
        parts.append(canvas.line(border, up(1), border, up(0), css="axis", dash="5 4"))
    if unknown:
        parts.append(canvas.line(left, bottom, right, bottom, dash="2 3"))
        parts.append(canvas.text(left - 8, bottom + _LANE / 2 + 4, "?", css="soft small", anchor="end"))
    parts.append(canvas.line(left, floor, right, floor, css="axis"))
    axis = "training images" if width < 520 else "training images; upwards: likeness to the source, 0 to 1"
    parts.append(canvas.text(right, floor + 36, axis, css="soft small", anchor="end"))
    return parts


def _rule_labels(across: canvas.Scale, up: canvas.Scale) -> tuple[list[str], list[Box]]:
    """Return the suggestions of the rule of thumb in its corners, and the areas they take."""
    parts, boxes = [], []
    for n_train, x, anchor in ((MANY_IMAGES - 1, across.start, "start"), (MANY_IMAGES, across.end, "end")):
        if not across.low < math.log10(n_train) < across.high:
            continue
        for likeness, y in ((1.0, up(1) + 15), (0.0, up(0) - 7)):
            families = suggested_families(n_train=n_train, shots=0, n_classes=1, likeness=likeness)
            label = f"rule: {families[0]}"
            parts.append(canvas.text(x, y, label, css="soft small", anchor=anchor))
            width = canvas.text_width(label, size=11)
            left = x if anchor == "start" else x - width
            boxes.append((left, y - 10, left + width, y + 3))
    return parts, boxes


def _size_range(sizes: Sequence[int]) -> tuple[float, float]:
    """Return logarithms that contain all sizes with a margin, and at least one power of ten."""
    low, high = math.log10(min(sizes)) - 0.15, math.log10(max(sizes)) + 0.15
    if math.floor(high) < math.ceil(low):
        return math.floor(low), float(math.ceil(high))
    return low, high


def _family(case: WinningFamily) -> str:
    return case.family if case.family in FAMILIES else "other"


def _css(family: str) -> str:
    return f"s{FAMILIES.index(family)}"


def _shape(family: str) -> str:
    return canvas.SHAPES[FAMILIES.index(family)]


def _described(case: WinningFamily, measure: Measure) -> str:
    likeness = f"likeness {case.likeness:.2f}" if case.likeness is not None else "unknown likeness"
    best = f" with {score_text(case.best, measure)}" if case.best is not None else ""
    return f"{case.case}, {case.n_train:,} images, {likeness}: {case.family}{best}"
