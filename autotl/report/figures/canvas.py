"""Draw the parts of all figures: frame, scales, marks and fitted text."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape

STYLE = (
    "<style>"
    ".atl{--ink:#1c2127;--soft:#5a6472;--rule:#d5dae1;--page:#fff;--good:#0062ad;--bad:#b34700;--flat:#6b7280;"
    "--s0:#0072b2;--s1:#d55e00;--s2:#00855f;--s3:#b3548c;--s4:#8a6d00;--s5:#3a9bd1;--s6:#5a6472;"
    'font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;'
    "font-size:12.5px;font-variant-numeric:tabular-nums;display:block;width:100%;height:auto}"
    "@media screen and (prefers-color-scheme:dark){.atl{"
    "--ink:#e8eaed;--soft:#a3adba;--rule:#363d47;--page:#14171b;"
    "--good:#63b3f0;--bad:#f59a4a;--flat:#9aa3af;"
    "--s0:#63b3f0;--s1:#ff8b4a;--s2:#35c79a;--s3:#e394c3;--s4:#e0c04a;--s5:#a5d8f7;--s6:#a3adba}}"
    ".atl text{fill:var(--ink)}.atl .soft{fill:var(--soft)}.atl .good{fill:var(--good)}"
    ".atl .bad{fill:var(--bad)}.atl .flat{fill:var(--flat)}.atl .page{fill:var(--page)}"
    ".atl .strong{font-weight:650}.atl .small{font-size:11px}"
    ".atl .rule{stroke:var(--rule);stroke-width:1}.atl .axis{stroke:var(--soft);stroke-width:1}"
    ".atl .l-good{stroke:var(--good)}.atl .l-bad{stroke:var(--bad)}.atl .l-flat{stroke:var(--flat)}"
    ".atl .l-ink{stroke:var(--ink)}.atl .none{fill:none}.atl .halo{stroke:var(--page);stroke-width:1.5}"
    ".atl .s0{fill:var(--s0)}.atl .s1{fill:var(--s1)}.atl .s2{fill:var(--s2)}.atl .s3{fill:var(--s3)}"
    ".atl .s4{fill:var(--s4)}.atl .s5{fill:var(--s5)}.atl .s6{fill:var(--s6)}"
    ".atl .l-s0{stroke:var(--s0)}.atl .l-s1{stroke:var(--s1)}.atl .l-s2{stroke:var(--s2)}"
    ".atl .l-s3{stroke:var(--s3)}.atl .l-s4{stroke:var(--s4)}.atl .l-s5{stroke:var(--s5)}"
    ".atl .l-s6{stroke:var(--s6)}"
    "</style>"
)
"""Colours for light and dark that do not rely on red and green; a page needs the style once."""

Draw = Callable[[float], str]
"""Returns SVG for a width in pixels; an empty text without numbers."""

WIDE, HALF, NARROW = 720, 500, 324
"""Widths of figures in pixels: a page, a column and a phone."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Linear map from the domain [low, high] to the pixels [start, end]."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)


def ticks(low: float, high: float, *, about: int = 5) -> list[float]:
    """Return round numbers inside [low, high].

    Args:
        low: Lower end.
        high: Upper end.
        about: Approximate count.
    """
    if not high > low:
        return [low]
    rough = (high - low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * size for size in (1, 2, 2.5, 5, 10) if power * size >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def span(
    values: Iterable[float],
    *,
    pad: float = 0.08,
    floor: float = -math.inf,
    ceiling: float = math.inf,
    least: float = 0.01,
) -> tuple[float, float]:
    """Return a domain around the values, never wider than [floor, ceiling].

    Args:
        values: Numbers inside the domain.
        pad: Margin as a fraction of the range.
        floor: Lowest end of the domain.
        ceiling: Highest end of the domain.
        least: Smallest margin.
    """
    every = list(values)
    low, high = min(every), max(every)
    air = max((high - low) * pad, least)
    return max(low - air, floor), min(high + air, ceiling)


def n(value: float) -> str:
    """Format a coordinate to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def text_width(content: str, *, size: float = 12.5) -> float:
    """Estimate the width in pixels; wide scripts count double."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in content)
    return (len(content) + 0.8 * wide) * size * 0.56


def fit(content: str, pixels: float, *, size: float = 12.5) -> str:
    """Shorten text in the middle with an ellipsis.

    Args:
        content: The text.
        pixels: Available width.
        size: Font size in pixels.

    Returns:
        The text on one line, unchanged if it is narrow enough.
    """
    content = " ".join(content.split())
    most = 2 * int(pixels / (size * 0.56)) + 2  # visible letters: the loop below takes quadratic time
    if len(content) > 2 * most:
        content = content[:most] + content[-most:]
    if text_width(content, size=size) <= pixels:
        return content
    keep = len(content)
    while keep > 1 and text_width(content[: keep + 1], size=size) > pixels:
        keep -= 1
    head = max(keep * 3 // 5, 1)
    tail = max(keep - head, 1)
    return f"{content[:head]}…{content[-tail:]}"


def clean(content: str) -> str:
    """Escape the content and replace letters that XML forbids."""
    return escape("".join(letter if letter.isprintable() else " " for letter in content))


def text(x: float, y: float, content: str, *, css: str = "", anchor: str = "start") -> str:
    """Draw a line of escaped text.

    Args:
        x: Position from the left, in pixels.
        y: Baseline from the top, in pixels.
        content: The text.
        css: CSS classes.
        anchor: Side at ``x``: "start", "middle" or "end".
    """
    attributes = (f' class="{css}"' if css else "") + (
        f' text-anchor="{anchor}"' if anchor != "start" else ""
    )
    return f'<text x="{n(x)}" y="{n(y)}"{attributes}>{clean(content)}</text>'


def line(
    x1: float, y1: float, x2: float, y2: float, *, css: str = "rule", width: float = 0, dash: str = ""
) -> str:
    """Draw a straight line.

    Args:
        x1: Start from the left, in pixels.
        y1: Start from the top, in pixels.
        x2: End from the left, in pixels.
        y2: End from the top, in pixels.
        css: CSS classes.
        width: Line width in pixels; 0 for the width of the CSS class.
        dash: Dash pattern of SVG.
    """
    extra = (f' stroke-width="{n(width)}" stroke-linecap="round"' if width else "") + (
        f' stroke-dasharray="{dash}"' if dash else ""
    )
    return f'<line x1="{n(x1)}" y1="{n(y1)}" x2="{n(x2)}" y2="{n(y2)}" class="{css}"{extra}/>'


def rulers(places: Iterable[float], top: float, bottom: float, *, rows: int = 0) -> list[str]:
    """Draw vertical lines.

    Args:
        places: Positions from the left, in pixels.
        top: Upper end, in pixels.
        bottom: Lower end, in pixels.
        rows: Rows whose upper parts are left empty for labels; 0 for whole lines.
    """
    if not rows:
        return [line(x, top, x, bottom) for x in places]
    row = (bottom - top) / rows
    return [line(x, top + row * (i + 0.55), x, top + row * (i + 0.85)) for x in places for i in range(rows)]


def rect(
    x: float, y: float, width: float, height: float, *, css: str, opacity: float = 1, round_: float = 0
) -> str:
    """Draw a filled rectangle.

    Args:
        x: Left edge in pixels.
        y: Upper edge in pixels.
        width: In pixels.
        height: In pixels.
        css: CSS classes.
        opacity: From 0 to 1.
        round_: Radius of the corners in pixels.
    """
    extra = (f' rx="{n(round_)}"' if round_ else "") + (
        f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    )
    return f'<rect x="{n(x)}" y="{n(y)}" width="{n(width)}" height="{n(height)}" class="{css}"{extra}/>'


def group(title: str, *parts: str) -> str:
    """Group parts under a tooltip."""
    return f"<g><title>{clean(title)}</title>{''.join(parts)}</g>"


SHAPES = ("circle", "square", "diamond", "triangle", "cross", "down", "bar")


def mark(x: float, y: float, shape: str, *, css: str, size: float = 4.5) -> str:
    """Draw a data point; shapes distinguish series without colour.

    Args:
        x: Position from the left, in pixels.
        y: Position from the top, in pixels.
        shape: Name of a shape in SHAPES.
        css: CSS classes.
        size: Radius in pixels.
    """
    if shape == "circle":
        return f'<circle cx="{n(x)}" cy="{n(y)}" r="{n(size)}" class="{css}"/>'
    third = size * 0.4
    outline = {
        "square": [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        "diamond": [(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)],
        "triangle": [(0, -1.2), (1.1, 0.85), (-1.1, 0.85)],
        "down": [(0, 1.2), (1.1, -0.85), (-1.1, -0.85)],
        "bar": [(-1.2, -0.5), (1.2, -0.5), (1.2, 0.5), (-1.2, 0.5)],
    }
    if shape == "cross":
        a, b = size * 1.1, third
        corners = [
            (-b, -a),
            (b, -a),
            (b, -b),
            (a, -b),
            (a, b),
            (b, b),
            (b, a),
            (-b, a),
            (-b, b),
            (-a, b),
            (-a, -b),
            (-b, -b),
        ]
    else:
        corners = [(dx * size, dy * size) for dx, dy in outline[shape]]
    return f'<polygon points="{" ".join(f"{n(x + dx)},{n(y + dy)}" for dx, dy in corners)}" class="{css}"/>'


def svg(name: str, *, width: float, height: float, title: str, description: str, parts: Iterable[str]) -> str:
    """Draw a complete picture that is valid as a file.

    Args:
        name: Name of the figure; with the width it makes ids unique on a page.
        width: In pixels.
        height: In pixels.
        title: Short text for screen readers.
        description: Long text for screen readers.
        parts: SVG elements.
    """
    ids = f"{name}-{n(width)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="atl" role="img" '
        f'viewBox="0 0 {n(width)} {n(height)}" '
        f'width="{n(width)}" height="{n(height)}" aria-labelledby="{ids}-title {ids}-text">'
        f'<title id="{ids}-title">{clean(title)}</title><desc id="{ids}-text">{clean(description)}</desc>'
        f"{STYLE}{''.join(parts)}</svg>"
    )
