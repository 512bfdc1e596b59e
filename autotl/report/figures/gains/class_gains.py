"""Draw the gain of transfer on each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autotl.evaluation.number_text import significant
from autotl.report.figures import canvas
from autotl.report.format import count, points

MOST = 40
"""Classes up to which all are drawn; otherwise half of them from each end."""
ROW, TOP, GAP = 22.0, 26.0, 20.0
"""Height of a row, upper edge, and space for classes that are left out, in pixels."""


@dataclass(frozen=True, slots=True)
class ClassGainBar:
    """Gain on a class, label or range of numbers.

    Attributes:
        name: The class.
        gain: Its gain.
        ci95: Its 95 % interval; None if unknown.
        significant: Whether the gain differs from zero, corrected for the number of classes.
    """

    name: str
    gain: float
    ci95: tuple[float, float] | None = None
    significant: bool = False

    @property
    def css(self) -> str:
        """The colour of the bar."""
        return "flat" if not self.significant else "good" if self.gain > 0 else "bad"


def class_gains(
    bars: Sequence[ClassGainBar], *, in_points: bool = True, noun: str = "class", width: float = canvas.WIDE
) -> str:
    """Draw gain and interval of each class, the largest loss first.

    Args:
        bars: The classes in any order.
        in_points: Whether gains are shares, shown in points.
        noun: The noun for a class.
        width: In pixels.

    Returns:
        SVG; empty with fewer than two classes.
    """
    if len(bars) < 2:
        return ""
    ordered = sorted(bars, key=lambda each: each.gain)
    shown = ordered if len(ordered) <= MOST else [*ordered[: MOST // 2], *ordered[-MOST // 2 :]]
    left = min(max(canvas.text_width(each.name) for each in shown) + 14, width * 0.36)
    ends = [end for each in shown for end in (each.gain, *(each.ci95 or ()), 0.0)]
    low, high = canvas.span(ends, least=1e-9)
    scale = canvas.Scale(low, high, left + 4, width - 52)
    split = MOST // 2 if len(shown) < len(ordered) else len(shown)
    parts, y = [], TOP
    for index, each in enumerate(shown):
        if index == split:
            left_out = f"{count(len(ordered) - len(shown), 'more', 'more')} between"
            parts.append(canvas.text(0, y + 14, left_out, css="soft small"))
            y += GAP
        parts.append(_row(each, y + ROW / 2, scale, left, width, in_points=in_points))
        y += ROW
    lost, won = (sum(each.css == css for each in ordered) for css in ("bad", "good"))
    plural = "classes" if noun == "class" else f"{noun}s"
    return canvas.svg(
        "class_gains",
        width=width,
        height=y + 26,
        title=f"Gain of transfer on {count(len(ordered), noun, plural)}, with 95% intervals",
        description=f"Corrected for the number of {plural}, transfer is better on {won:,} and worse on "
        f"{lost:,}. The lowest is {_title(ordered[0], in_points=in_points)}, the highest "
        f"{_title(ordered[-1], in_points=in_points)}.",
        parts=[*_axis(scale, y, in_points=in_points), *parts],
    )


def _axis(scale: canvas.Scale, bottom: float, *, in_points: bool) -> list[str]:
    parts = [
        canvas.text(scale.start, 14, "transfer is worse", css="soft small"),
        canvas.text(scale.end, 14, "better", css="soft small", anchor="end"),
    ]
    for tick in canvas.ticks(scale.low, scale.high, about=4):
        zero = abs(tick) < 1e-12
        x, label = scale(tick), "0" if zero else _shown(tick, in_points=in_points).removesuffix(".0")
        parts.append(canvas.line(x, TOP - 4, x, bottom + 2, css="axis" if zero else "rule"))
        parts.append(canvas.text(x, bottom + 17, label, css="soft small", anchor="middle"))
    return parts


def _row(
    each: ClassGainBar, y: float, scale: canvas.Scale, left: float, width: float, *, in_points: bool
) -> str:
    bar = []
    if each.ci95:
        ends = [scale(end) for end in each.ci95]
        bar.append(canvas.line(ends[0], y, ends[1], y, css=f"l-{each.css}", width=3))
    return canvas.group(
        _title(each, in_points=in_points),
        canvas.text(0, y + 4, canvas.fit(each.name, left - 10)),
        *bar,
        canvas.mark(scale(each.gain), y, "circle", css=f"{each.css} halo", size=5),
        canvas.text(width - 4, y + 4, _shown(each.gain, in_points=in_points), css=each.css, anchor="end"),
    )


def _shown(gain: float, *, in_points: bool) -> str:
    return points(gain) if in_points else significant(gain, signed=True)


def _title(each: ClassGainBar, *, in_points: bool) -> str:
    unit = " points" if in_points else ""
    interval = (
        f" ({_shown(each.ci95[0], in_points=in_points)} to {_shown(each.ci95[1], in_points=in_points)})"
        if each.ci95
        else ""
    )
    return f"{each.name} {_shown(each.gain, in_points=in_points)}{unit}{interval}"
