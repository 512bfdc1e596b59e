"""Draw the frequency of right predictions by their probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autotl.evaluation.intervals import proportion_interval
from autotl.report.figures import canvas
from autotl.report.figures.axes import bottom_axis, polyline
from autotl.report.format import percent

LEFT, TOP = 44.0, 26.0
"""Margins in pixels."""
MOST_HEIGHT = 300.0
"""Largest height of the drawing area in pixels."""
TICKS = (0, 0.25, 0.5, 0.75, 1)


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions with similar probabilities.

    ``stated`` is their mean probability, ``observed`` the share of them that is right. ``n`` is their number.
    """

    stated: float
    observed: float
    n: int


def reliability(
    after: Sequence[Bin], before: Sequence[Bin] = (), *, noun: str = "prediction", width: float = canvas.WIDE
) -> str:
    """Draw the bins of the final model with and without its temperature.

    Args:
        after: The bins of the final model, by rising probability.
        before: The bins without the temperature; empty if it is the same.
        noun: The noun for a prediction.
        width: In pixels.

    Returns:
        SVG; empty without bins.
    """
    if not after:
        return ""
    right = width - 22
    bottom = TOP + min(right - LEFT, MOST_HEIGHT)
    across = canvas.Scale(0.0, 1.0, LEFT, right)
    up = canvas.Scale(0.0, 1.0, bottom, TOP)
    parts = []
    for tick in TICKS:
        parts.append(canvas.line(LEFT, up(tick), right, up(tick)))
        parts.append(canvas.text(LEFT - 6, up(tick) + 4, f"{tick:.0%}", css="soft small", anchor="end"))
    parts += bottom_axis(
        [(across(tick), f"{tick:.0%}") for tick in TICKS],
        "stated probability; upwards: share that is right",
        left=LEFT,
        right=right,
        bottom=bottom,
    )
    parts.append(canvas.line(LEFT, bottom, right, TOP, css="axis", dash="4 3"))
    if before:
        parts.append(polyline([(across(b.stated), up(b.observed)) for b in before], css="l-s1", dash="3 3"))
        parts += [_mark(each, across, up, "without temperature, ", "diamond", "s1") for each in before]
    parts += [_interval(each, across, up) for each in after]
    parts.append(polyline([(across(b.stated), up(b.observed)) for b in after], css="l-s0", width=1.8))
    parts += [_mark(each, across, up, "", "circle", "s0") for each in after]
    total = sum(each.n for each in after)
    return canvas.svg(
        "reliability",
        width=width,
        height=bottom + 43,
        title=f"Reliability of the probabilities of {total:,} {noun}s",
        description="; ".join(map(_title, after)) + ". On the dashed diagonal, probabilities are exact.",
        parts=[*_legend(bool(before)), *parts],
    )


def _legend(before: bool) -> list[str]:
    parts = [
        canvas.mark(LEFT + 6, 9, "circle", css="s0"),
        canvas.text(LEFT + 16, 13, "delivered", css="small"),
    ]
    if before:
        parts += [
            canvas.mark(LEFT + 92, 9, "diamond", css="s1"),
            canvas.text(LEFT + 102, 13, "without temperature", css="small"),
        ]
    return parts


def _interval(each: Bin, across: canvas.Scale, up: canvas.Scale) -> str:
    low, high = proportion_interval(round(each.observed * each.n), each.n)
    x = across(each.stated)
    return canvas.line(x, up(low), x, up(high), css="l-s0", width=1.5)


def _mark(each: Bin, across: canvas.Scale, up: canvas.Scale, what: str, shape: str, css: str) -> str:
    mark = canvas.mark(across(each.stated), up(each.observed), shape, css=f"{css} halo", size=4.6)
    return canvas.group(f"{what}{_title(each)}", mark)


def _title(each: Bin) -> str:
    return f"{percent(each.stated)} stated, {percent(each.observed)} right of {each.n:,}"
