"""Draw the axes and legends that several figures share."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from autotl.clock import format_duration
from autotl.report.figures import canvas
from autotl.report.metric_format import Measure

LEFT = 52.0
"""Margin in pixels for the labels of scores."""
LEAST_RANGE = 0.06
"""Range of a share that is always drawn below the best score."""
LANE = 26.0
"""Height in pixels of the lane for far lower scores."""
SECONDS = (
    0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10800, 36000, 86400,
)  # fmt: skip
"""Possible ticks of a time axis."""


@dataclass(frozen=True, slots=True)
class ScoreAxis:
    """Vertical axis of merits, which are scores or negated errors.

    Attributes:
        up: Scale from merits to pixels.
        left: Left edge of the drawing area in pixels.
        right: Right edge in pixels.
        bottom: Lower edge in pixels.
        measure: The metric.
        lane: Whether far lower merits are in a separate lane.
    """

    up: canvas.Scale
    left: float
    right: float
    bottom: float
    measure: Measure
    lane: bool

    def y(self, merit: float | None) -> float:
        """Return the height of a mark: the bottom without a merit."""
        if merit is None:
            return self.bottom - 1.5
        return self.up(merit) if merit >= self.up.low else self.bottom - 10

    def shown(self, merit: float | None) -> str:
        """Return the score as text."""
        return self.measure.value(None if merit is None else self.measure.merit(merit))

    def draw(self, *, about: int = 5) -> list[str]:
        """Draw lines with labels, and the border of the lane.

        ``about`` is the approximate number of lines.
        """
        parts = []
        for tick in canvas.ticks(self.up.low, self.up.high, about=about):
            y, label = self.up(tick), self.measure.tick(self.measure.merit(tick))
            parts.append(canvas.line(self.left, y, self.right, y))
            parts.append(canvas.text(self.left - 8, y + 4, label, css="soft small", anchor="end"))
        if self.lane:
            y, label = self.bottom - 20, "lower" if self.measure.higher_is_better else "higher"
            parts.append(canvas.line(self.left, y, self.right, y, dash="2 3"))
            parts.append(canvas.text(self.left - 8, self.bottom - 6, label, css="soft small", anchor="end"))
        return parts


def score_axis(
    merits: Sequence[float], measure: Measure, *, top: float, bottom: float, right: float
) -> ScoreAxis:
    """Choose an axis on which far lower merits do not flatten others.

    Args:
        merits: Scores, negated if lower is better.
        measure: The metric.
        top: Upper edge in pixels.
        bottom: Lower edge in pixels.
        right: Right edge in pixels.
    """
    least = LEAST_RANGE if measure.percent else 0.0
    lowest = max(merits) - max(3 * (max(merits) - median(merits)), least)
    floor, ceiling = measure.bounds
    drawn = [max(merit, lowest) for merit in merits]
    low, high = canvas.span(drawn, floor=floor, ceiling=ceiling, least=measure.margin)
    lane = any(merit < low for merit in merits)
    up = canvas.Scale(low, high, bottom - (LANE if lane else 10), top + 6)
    return ScoreAxis(up, LEFT, right, bottom, measure, lane)


def bottom_axis(
    ticks: Iterable[tuple[float, str]], name: str, *, left: float, right: float, bottom: float
) -> list[str]:
    """Draw a horizontal axis, without labels that would touch their neighbours.

    Args:
        ticks: Position in pixels and label of each tick, from left to right.
        name: Name of the axis.
        left: Left end in pixels.
        right: Right end in pixels.
        bottom: Height of the axis in pixels.
    """
    parts, free = [canvas.line(left, bottom, right, bottom, css="axis")], -math.inf
    for x, label in ticks:
        half = canvas.text_width(label, size=11) / 2
        parts.append(canvas.line(x, bottom, x, bottom + 4, css="axis"))
        if x - half > free:
            parts.append(canvas.text(x, bottom + 18, label, css="soft small", anchor="middle"))
            free = x + half + 6
    return [*parts, canvas.text(right, bottom + 35, name, css="soft small", anchor="end")]


def seconds_scale(seconds: Sequence[float], start: float, end: float) -> canvas.Scale:
    """Return a scale of the logarithms of seconds, with a margin.

    Args:
        seconds: The times, above 0.
        start: Position of the lower end, in pixels.
        end: Position of the upper end, in pixels.
    """
    low, high = (math.log10(each) for each in (min(seconds), max(seconds)))
    return canvas.Scale(low - 0.08, high + 0.08, start, end)


def seconds_ticks(across: canvas.Scale) -> list[tuple[float, str]]:
    """Return position and label of round seconds on a logarithmic scale."""
    inside = [each for each in SECONDS if across.low <= math.log10(each) <= across.high]
    return [(across(math.log10(each)), duration(each)) for each in inside]


def duration(seconds: float) -> str:
    """Format seconds without a needless fraction."""
    return f"{seconds:g} s" if seconds < 60 else format_duration(seconds)


def legend(
    entries: Sequence[tuple[str, str, str]], *, left: float, right: float, top: float
) -> tuple[list[str], float]:
    """Draw a legend in as many lines as it needs.

    Args:
        entries: Shape, CSS class and label of each entry.
        left: Left edge, in pixels.
        right: Right edge, in pixels.
        top: Baseline of the first line, in pixels.

    Returns:
        The SVG parts, and the bottom edge in pixels.
    """
    parts, x, y = [], left, top
    for shape, css, content in entries:
        label = canvas.fit(content, 170)
        width = canvas.text_width(label) + 34
        if x > left and x + width > right:
            x, y = left, y + 20
        parts.append(canvas.mark(x + 5, y - 4, shape, css=css))
        parts.append(canvas.text(x + 15, y, label))
        x += width
    return parts, y + 12


def series(index: int) -> tuple[str, str]:
    """Return shape and CSS class of the series with this index."""
    return canvas.SHAPES[index % len(canvas.SHAPES)], f"s{index % 7}"


def strategies_legend(
    strategies: Sequence[str], drawn: Collection[str], *, left: float, right: float, top: float
) -> tuple[list[str], float]:
    """Draw the marks of strategies, as :func:`legend` does.

    Args:
        strategies: All names, in the order of their series.
        drawn: The names that the figure shows.
        left: Left edge, in pixels.
        right: Right edge, in pixels.
        top: Baseline of the first line, in pixels.
    """
    entries = [(*series(index), name) for index, name in enumerate(strategies) if name in drawn]
    return legend(entries, left=left, right=right, top=top)


def polyline(points: Iterable[tuple[float, float]], *, css: str, width: float = 1.5, dash: str = "") -> str:
    """Draw a line through points in pixels.

    Args:
        points: Its corners.
        css: CSS class of the stroke.
        width: Line width in pixels.
        dash: Dash pattern of SVG.
    """
    path = " ".join(f"{canvas.n(x)},{canvas.n(y)}" for x, y in points)
    extra = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<polyline points="{path}" class="{css} none" stroke-width="{canvas.n(width)}" '
        f'stroke-linejoin="round"{extra}/>'
    )
