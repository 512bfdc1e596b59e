"""Draw predicted against true numbers."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.report.figures import canvas
from autotl.report.format import count, value

LEFT, TOP, SIDE = 58.0, 10.0, 14.0
"""Margins in pixels."""
MOST_HEIGHT = 380.0
"""Largest height of the drawing area in pixels."""


def scatter(
    points: Sequence[tuple[float, float]],
    name: str,
    *,
    key: str = "scatter",
    half_width: float | None = None,
    width: float = canvas.WIDE,
) -> str:
    """Draw a mark for each image, and the line of exact predictions.

    Args:
        points: True and predicted number of each image.
        name: The number.
        key: Name of the figure, which makes ids unique on a page.
        half_width: Half the width of the prediction interval, drawn as a band; None without one.
        width: In pixels.

    Returns:
        SVG; empty without images.
    """
    if not points:
        return ""
    every = [number for point in points for number in point]
    low, high = canvas.span(every, least=0.0)
    if not high > low:
        return ""
    bottom = TOP + min(width - LEFT - SIDE, MOST_HEIGHT)
    across = canvas.Scale(low, high, LEFT, width - SIDE)
    up = canvas.Scale(low, high, bottom, TOP)
    parts = [
        *_axes(across, up, bottom, width, name),
        _band(across, up, half_width) if half_width else "",
        canvas.line(across(low), up(low), across(high), up(high), css="l-ink", width=1.2, dash="4 3"),
    ]
    for true, predicted in points:
        dot = canvas.mark(across(true), up(predicted), "circle", css="s0 halo", size=3.4)
        parts.append(canvas.group(f"true {value(float(true))}, predicted {value(float(predicted))}", dot))
    inside = sum(abs(true - predicted) <= (half_width or 0.0) for true, predicted in points)
    held = f" {inside:,} of them are inside the prediction interval." if half_width else ""
    return canvas.svg(
        key,
        width=width,
        height=bottom + 42,
        title=f"Predicted against true {name}",
        description=f"{count(len(points), 'test image')}.{held}",
        parts=parts,
    )


def _band(across: canvas.Scale, up: canvas.Scale, half_width: float) -> str:
    """The prediction interval around the line, inside the axes."""
    low, high = across.low, across.high
    reach, rest = min(low + half_width, high), max(high - half_width, low)
    corners = [(low, low), (low, reach), (rest, high), (high, high), (high, rest), (reach, low)]
    path = " ".join(f"{canvas.n(across(x))},{canvas.n(up(y))}" for x, y in corners)
    return f'<polygon points="{path}" class="s0" fill-opacity="0.12"/>'


def _axes(across: canvas.Scale, up: canvas.Scale, bottom: float, width: float, name: str) -> list[str]:
    parts = []
    for tick in canvas.ticks(across.low, across.high, about=4 if width < 520 else 6):
        x, y, text = across(tick), up(tick), value(float(tick))
        parts += [
            canvas.line(LEFT, y, width - SIDE, y),
            canvas.line(x, TOP, x, bottom),
            canvas.text(LEFT - 6, y + 4, text, css="soft small", anchor="end"),
            canvas.text(x, bottom + 17, text, css="soft small", anchor="middle"),
        ]
    label = canvas.fit(f"true {name}; predicted upwards", width - LEFT - SIDE, size=11)
    parts.append(canvas.text(width - SIDE, bottom + 34, label, css="soft small", anchor="end"))
    return parts
