"""Draw the scores of several labels as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autotl.report.figures import canvas
from autotl.report.format import count, percent

MOST_LABELS = 30
"""Labels up to which bars are drawn."""
ROW, TOP, RIGHT = 24.0, 8.0, 54.0
"""Height of a row and margins, in pixels."""


@dataclass(frozen=True, slots=True)
class LabelBar:
    """Scores of one label, in [0, 1]; None if unknown."""

    name: str
    images: int
    average_precision: float | None
    f1: float | None


def labels(bars: Sequence[LabelBar], *, width: float = canvas.WIDE) -> str:
    """Draw bars of average precision, with marks at F1.

    Args:
        bars: The labels.
        width: In pixels.

    Returns:
        SVG; empty without labels, or for more than 30.
    """
    if not 0 < len(bars) <= MOST_LABELS:
        return ""
    ordered = sorted(bars, key=lambda each: -each.images)
    left = min(max(canvas.text_width(each.name) for each in ordered) + 12, width * 0.4)
    scale = canvas.Scale(0.0, 1.0, left, width - RIGHT)
    bottom = TOP + ROW * len(ordered)
    parts = canvas.rulers([scale(tick) for tick in (0, 0.25, 0.5, 0.75, 1)], TOP, bottom)
    for index, each in enumerate(ordered):
        parts.append(_row(each, TOP + ROW * (index + 0.5), scale, left, width))
    parts += [
        canvas.text(scale(tick), bottom + 16, f"{100 * tick:.0f}%", css="soft small", anchor="middle")
        for tick in (0, 0.5, 1)
    ]
    return canvas.svg(
        "labels",
        width=width,
        height=bottom + 24,
        title=f"Average precision of {count(len(ordered), 'label')}",
        description="; ".join(f"{each.name} {percent(each.average_precision)}" for each in ordered),
        parts=parts,
    )


def _row(each: LabelBar, y: float, scale: canvas.Scale, left: float, width: float) -> str:
    title = f"{each.name}, {count(each.images, 'test image')}: "
    title += f"average precision {percent(each.average_precision)}, F1 {percent(each.f1)}"
    parts = [
        canvas.text(0, y + 4, canvas.fit(each.name, left - 10)),
        canvas.text(width - 4, y + 4, percent(each.average_precision), anchor="end"),
    ]
    if each.average_precision is not None:
        end = scale(each.average_precision)
        parts.append(canvas.rect(left, y - 7, end - left, 14, css="good", opacity=0.55, round_=2))
    if each.f1 is not None:
        parts.append(canvas.mark(scale(each.f1), y, "diamond", css="bad halo", size=4.5))
    return canvas.group(title, *parts)
