"""Draw the histogram of a number."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.report.figures import canvas
from autotl.report.format import count, value

LEFT, TOP, SIDE = 44.0, 10.0, 14.0
"""Margins in pixels."""
HEIGHT = 150.0
"""Height of the bars' area in pixels."""


def histogram(
    edges: Sequence[float],
    counts: Sequence[int],
    *,
    name: str,
    key: str = "histogram",
    zero: bool = False,
    width: float = canvas.WIDE,
) -> str:
    """Draw a bar for each bin.

    Args:
        edges: Ends of the bins, rising; one more than ``counts``.
        counts: Images in each bin.
        name: The number.
        key: Name of the figure, which makes ids unique on a page.
        zero: Whether a line marks zero.
        width: In pixels.

    Returns:
        SVG; empty without images.
    """
    if len(edges) != len(counts) + 1 or not any(counts) or not edges[-1] > edges[0]:
        return ""
    bottom = TOP + HEIGHT
    across = canvas.Scale(edges[0], edges[-1], LEFT + 4, width - SIDE)
    up = canvas.Scale(0.0, float(max(counts)), bottom, TOP)
    parts = []
    for tick in canvas.ticks(0.0, float(max(counts)), about=4):
        if tick == round(tick):
            parts.append(canvas.line(LEFT, up(tick), width - SIDE, up(tick)))
            parts.append(canvas.text(LEFT - 6, up(tick) + 4, f"{tick:,.0f}", css="soft small", anchor="end"))
    for low, high, images in zip(edges[:-1], edges[1:], counts, strict=True):
        if images:
            title = f"{value(float(low))} to {value(float(high))}: {count(images, 'image')}"
            x, end = across(low), across(high)
            box = canvas.rect(
                x + 0.5, up(images), max(end - x - 1, 1), bottom - up(images), css="s0", opacity=0.8
            )
            parts.append(canvas.group(title, box))
    parts += _axis(across, bottom, width, name)
    if zero and edges[0] < 0 < edges[-1]:
        parts.append(canvas.line(across(0), TOP, across(0), bottom, css="l-ink", width=1.2, dash="4 3"))
    return canvas.svg(
        key,
        width=width,
        height=bottom + 42,
        title=f"Histogram: {name}",
        description=f"{count(sum(counts), 'image')} from {value(float(edges[0]))} to "
        f"{value(float(edges[-1]))}.",
        parts=parts,
    )


def _axis(across: canvas.Scale, bottom: float, width: float, name: str) -> list[str]:
    parts = [canvas.line(LEFT, bottom, width - SIDE, bottom, css="axis")]
    for tick in canvas.ticks(across.low, across.high, about=4 if width < 520 else 7):
        x = across(tick)
        parts.append(canvas.line(x, bottom, x, bottom + 4, css="axis"))
        parts.append(canvas.text(x, bottom + 17, value(float(tick)), css="soft small", anchor="middle"))
    label = canvas.fit(name, width - 2 * SIDE, size=11)
    parts.append(canvas.text(width - SIDE, bottom + 34, label, css="soft small", anchor="end"))
    return parts
