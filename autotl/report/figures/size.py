"""Draw the measured gains of transfer over size and likeness, with this data among them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autotl.report.figures import canvas
from autotl.report.format import EFFECTS

LOOKS = {
    "helps": ("triangle", "good", "transfer helps"),
    "no_measurable_difference": ("circle", "flat", "no measurable difference"),
    "hurts": ("down", "bad", "transfer hurts"),
}
"""By verdict: shape, colour and words."""
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
ROOM = (34.0, 12.0)
"""The pixels across and down within which only one gain is written; the others show under the pointer."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A data set by its size and likeness, with what transfer gained on it.

    Attributes:
        name: The data set.
        per_class: Training images of a class, above 0.
        likeness: How like the source its images are, from 0 to 1.
        verdict: A key of LOOKS; "" if unknown.
        gain: The gain in accuracy; None if unknown.
    """

    name: str
    per_class: float
    likeness: float
    verdict: str = ""
    gain: float | None = None


def size(measured: Sequence[Spot], here: Spot | None = None, *, width: float = canvas.WIDE) -> str:
    """Draw data sets by images of a class and likeness to the source; ``here`` is marked by a ring.

    Args:
        measured: What was measured on other data sets.
        here: The data of the report.
        width: In pixels.

    Returns:
        SVG; "" if nothing was measured.
    """
    if not measured:
        return ""
    every = [*measured, *([here] if here else [])]
    roomy = width >= 480
    left, right, top, height = 38.0, 44.0 if roomy else 18.0, 44.0, 250.0
    bottom = top + height
    low, high = (edge(each.per_class for each in every) for edge in (min, max))
    across = canvas.Scale(math.log(low / 1.4), math.log(high * 1.4), left + 6, width - right)
    lows, highs = canvas.span((each.likeness for each in every), pad=0.1, floor=0.0, ceiling=1.0)
    up = canvas.Scale(lows, highs, bottom - 8, top + 8)
    parts = [*_legend(left, roomy=roomy)]
    for count in SIZES:
        if low / 1.4 < count < high * 1.4:
            x = across(math.log(count))
            parts.append(canvas.line(x, top, x, bottom))
            parts.append(canvas.text(x, bottom + 16, f"{count:,}", css="soft small", anchor="middle"))
    for tick in canvas.ticks(lows, highs, about=5):
        parts.append(canvas.line(left, up(tick), width - right, up(tick)))
        parts.append(canvas.text(left - 6, up(tick) + 4, f"{tick:g}", css="soft small", anchor="end"))
    labelled: list[tuple[float, float]] = []
    for each in measured:
        x, y = across(math.log(each.per_class)), up(each.likeness)
        free = all(abs(x - a) > ROOM[0] or abs(y - b) > ROOM[1] for a, b in labelled)
        labelled += [(x, y)] * (roomy and free)
        parts.append(_spot(each, x, y, labelled=roomy and free))
    if here:
        parts.append(_here(here, across(math.log(here.per_class)), up(here.likeness), width=width))
    parts.append(canvas.text(left, top - 8, "likeness to the source", css="soft small"))
    parts.append(
        canvas.text(width - 12, bottom + 33, "training images of a class", css="soft small", anchor="end")
    )
    return canvas.svg(
        "size",
        width=width,
        height=bottom + 41,
        title="Gain of transfer by the number of training images and their likeness to the source",
        description="; ".join(_said(each) for each in every) + ".",
        parts=parts,
    )


def _legend(left: float, *, roomy: bool) -> list[str]:
    parts, x = [], left + 4
    for shape, css, words in LOOKS.values():
        said = words if roomy else words.replace("transfer ", "").replace("measurable ", "")
        parts.append(canvas.mark(x, 12, shape, css=css))
        parts.append(canvas.text(x + 10, 16, said, css="soft small"))
        x += canvas.text_width(said, size=11) + 30
    return parts


def _spot(each: Spot, x: float, y: float, *, labelled: bool) -> str:
    shape, css, _ = LOOKS.get(each.verdict, LOOKS["no_measurable_difference"])
    drawn = [canvas.mark(x, y, shape, css=f"{css} halo", size=5)]
    if labelled and each.gain is not None:
        said = f"{round(100 * each.gain):+d}".replace("-", "−").replace("+0", "0")
        drawn.append(canvas.text(x + 8, y + 4, said, css=f"{css} small"))
    return canvas.group(_said(each), *drawn)


def _here(here: Spot, x: float, y: float, *, width: float) -> str:
    """A ring with its label on the side that has room."""
    beside, anchor = (x + 14, "start") if x < width / 2 else (x - 14, "end")
    ring = f'<circle cx="{canvas.n(x)}" cy="{canvas.n(y)}" r="10" class="none l-ink" stroke-width="2.5"/>'
    label = canvas.text(beside, y - 10, "your data", css="strong", anchor=anchor)
    return canvas.group(_said(here), ring, label)


def _said(each: Spot) -> str:
    where = f"{each.name}: {each.per_class:,.0f} images of a class, likeness {each.likeness:.2f}"
    if each.gain is None:
        return where
    points = f"{100 * each.gain:+.1f}".replace("-", "−")
    return f"{where}, {points} points, {EFFECTS.get(each.verdict, '').lower()}".removesuffix(", ")
