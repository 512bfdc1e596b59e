"""Draw the measured gains of transfer over data set size and similarity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autotl.report.figures import canvas
from autotl.report.format import EFFECTS

MARKS = {
    "helps": ("triangle", "good", "transfer helps"),
    "no_measurable_difference": ("circle", "flat", "no measurable difference"),
    "hurts": ("down", "bad", "transfer hurts"),
}
"""Shape, colour and words by verdict."""
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
LABEL_SPACE = (34.0, 12.0)
"""Width and height in pixels within which only one gain is labelled."""

LEFT, TOP, BOTTOM = 38.0, 44.0, 294.0
"""Edges of the drawing area in pixels."""
ROOMY = 480
"""Width in pixels from which gains are written."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Data set with its size, its similarity and its gain of transfer.

    Attributes:
        name: The data set.
        per_class: Training images of a class, above 0.
        likeness: Similarity to the source, from 0 to 1.
        verdict: A key of MARKS; "" if unknown.
        gain: The gain in accuracy; None if unknown.
    """

    name: str
    per_class: float
    likeness: float
    verdict: str = ""
    gain: float | None = None


def size(measured: Sequence[Spot], here: Spot | None = None, *, width: float = canvas.WIDE) -> str:
    """Draw data sets by images per class and similarity.

    Args:
        measured: Other data sets.
        here: Data of the report, marked by a ring.
        width: In pixels.

    Returns:
        SVG; empty without other data sets.
    """
    if not measured:
        return ""
    every = [*measured, *([here] if here else [])]
    roomy = width >= ROOMY
    bounds = _bounds(every)
    right = width - (44.0 if roomy else 18.0)
    across = canvas.Scale(math.log(bounds[0]), math.log(bounds[1]), LEFT + 6, right)
    low, high = canvas.span((each.likeness for each in every), pad=0.1, floor=0.0, ceiling=1.0)
    up = canvas.Scale(low, high, BOTTOM - 8, TOP + 8)
    parts = [
        *_legend(LEFT, roomy=roomy),
        *_grid(bounds, across, up),
        *_spots(measured, across, up, labelled=roomy),
        *([_here(here, across(math.log(here.per_class)), up(here.likeness), width=width)] if here else []),
        canvas.text(LEFT, TOP - 8, "similarity to the source", css="soft small"),
        canvas.text(width - 12, BOTTOM + 33, "training images per class", css="soft small", anchor="end"),
    ]
    return canvas.svg(
        "size",
        width=width,
        height=BOTTOM + 41,
        title="Gain of transfer by the number of training images and similarity to the source",
        description="; ".join(_title(each) for each in every) + ".",
        parts=parts,
    )


def _bounds(every: Sequence[Spot]) -> tuple[float, float]:
    """The ends of the axis of images per class."""
    counts = [each.per_class for each in every]
    return min(counts) / 1.4, max(counts) * 1.4


def _grid(bounds: tuple[float, float], across: canvas.Scale, up: canvas.Scale) -> list[str]:
    parts = []
    for count in SIZES:
        if bounds[0] < count < bounds[1]:
            x = across(math.log(count))
            parts.append(canvas.line(x, TOP, x, BOTTOM))
            parts.append(canvas.text(x, BOTTOM + 16, f"{count:,}", css="soft small", anchor="middle"))
    for tick in canvas.ticks(up.low, up.high, about=5):
        parts.append(canvas.line(LEFT, up(tick), across.end, up(tick)))
        parts.append(canvas.text(LEFT - 6, up(tick) + 4, f"{tick:g}", css="soft small", anchor="end"))
    return parts


def _spots(measured: Sequence[Spot], across: canvas.Scale, up: canvas.Scale, *, labelled: bool) -> list[str]:
    """The data sets; a gain is written unless it would overlap another one."""
    parts = []
    taken: list[tuple[float, float]] = []
    for each in measured:
        x, y = across(math.log(each.per_class)), up(each.likeness)
        free = all(abs(x - a) > LABEL_SPACE[0] or abs(y - b) > LABEL_SPACE[1] for a, b in taken)
        if labelled and free:
            taken.append((x, y))
        parts.append(_spot(each, x, y, labelled=labelled and free))
    return parts


def _legend(left: float, *, roomy: bool) -> list[str]:
    parts, x = [], left + 4
    for shape, css, words in MARKS.values():
        label = words if roomy else words.replace("transfer ", "").replace("measurable ", "")
        parts.append(canvas.mark(x, 12, shape, css=css))
        parts.append(canvas.text(x + 10, 16, label, css="soft small"))
        x += canvas.text_width(label, size=11) + 30
    return parts


def _spot(each: Spot, x: float, y: float, *, labelled: bool) -> str:
    shape, css, _ = MARKS.get(each.verdict, MARKS["no_measurable_difference"])
    drawn = [canvas.mark(x, y, shape, css=f"{css} halo", size=5)]
    if labelled and each.gain is not None:
        label = f"{round(100 * each.gain):+d}".replace("-", "−").replace("+0", "0")
        drawn.append(canvas.text(x + 8, y + 4, label, css=f"{css} small"))
    return canvas.group(_title(each), *drawn)


def _here(here: Spot, x: float, y: float, *, width: float) -> str:
    """A ring with its label on the side with more space."""
    beside, anchor = (x + 14, "start") if x < width / 2 else (x - 14, "end")
    ring = f'<circle cx="{canvas.n(x)}" cy="{canvas.n(y)}" r="10" class="none l-ink" stroke-width="2.5"/>'
    label = canvas.text(beside, y - 10, "your data", css="strong", anchor=anchor)
    return canvas.group(_title(here), ring, label)


def _title(each: Spot) -> str:
    place = f"{each.name}: {each.per_class:,.0f} images per class, similarity {each.likeness:.2f}"
    if each.gain is None:
        return place
    points = f"{100 * each.gain:+.1f}".replace("-", "−")
    return f"{place}, {points} points, {EFFECTS.get(each.verdict, '').lower()}".removesuffix(", ")
