"""Draw a learning curve with its forecast for more images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autotl.report.figures import canvas
from autotl.report.figures.axes import LEFT, bottom_axis, polyline
from autotl.report.format import count, percent

STEPS = (1, 2, 5)
"""Leading digits of the ticks of the number of images."""


@dataclass(frozen=True, slots=True)
class SizePoint:
    """Score with ``n`` training images, measured or forecast.

    ``ci95`` is its 95 % interval; None if it is unknown.
    """

    n: int
    score: float
    ci95: tuple[float, float] | None = None


def learning(
    measured: Sequence[SizePoint],
    forecast: Sequence[SizePoint] = (),
    *,
    now: int | None = None,
    name: str = "accuracy",
    width: float = canvas.WIDE,
) -> str:
    """Draw measured scores as marks, and the forecast as a band.

    Args:
        measured: Scores in [0, 1] by rising numbers of images.
        forecast: Forecasts beyond them.
        now: The present number of training images, marked by a line.
        name: Name of the score.
        width: In pixels.

    Returns:
        SVG; empty with fewer than two measured scores.
    """
    if len(measured) < 2:
        return ""
    right, top = width - 14, 24.0
    bottom = top + (200.0 if width >= 520 else 180.0)
    every = [*measured, *forecast]
    ends = [end for each in every for end in (each.score, *(each.ci95 or ()))]
    low, high = canvas.span(ends, floor=0.0, ceiling=1.0)
    up = canvas.Scale(low, high, bottom - 8, top + 6)
    sizes = [each.n for each in every]
    across = canvas.Scale(math.log(min(sizes)), math.log(max(sizes)), LEFT + 8, right - 10)
    return canvas.svg(
        "learning",
        width=width,
        height=bottom + 43,
        title=f"Learning curve of a linear probe{', with its forecast' if forecast else ''}",
        description=_description(measured, forecast, name),
        parts=[
            *_legend(forecast),
            *_lines(up, right),
            *bottom_axis(
                [(across(math.log(n)), f"{n:,}") for n in _ticks(min(sizes), max(sizes))],
                "training images",
                left=LEFT,
                right=right,
                bottom=bottom,
            ),
            *_present(now, across, top, bottom),
            *_forecast(measured[-1], forecast, across, up, name),
            polyline([(across(math.log(each.n)), up(each.score)) for each in measured], css="l-s0"),
            *(_mark(each, across, up, name) for each in measured),
        ],
    )


def _description(measured: Sequence[SizePoint], forecast: Sequence[SizePoint], name: str) -> str:
    parts = [_title(each, name) for each in measured]
    parts += [f"forecast: {_title(each, name)}" for each in forecast]
    return f"{'; '.join(parts)}."


def _ticks(low: int, high: int) -> list[int]:
    powers = range(int(math.log10(low)), int(math.log10(high)) + 1)
    return [step * 10**power for power in powers for step in STEPS if low <= step * 10**power <= high]


def _lines(up: canvas.Scale, right: float) -> list[str]:
    parts = []
    for tick in canvas.ticks(up.low, up.high, about=5):
        label = percent(tick).replace(".0%", "%")
        parts.append(canvas.line(LEFT, up(tick), right, up(tick)))
        parts.append(canvas.text(LEFT - 8, up(tick) + 4, label, css="soft small", anchor="end"))
    return parts


def _legend(forecast: Sequence[SizePoint]) -> list[str]:
    parts = [
        canvas.mark(LEFT + 6, 8, "circle", css="s0"),
        canvas.text(LEFT + 16, 12, "measured", css="small"),
    ]
    if forecast:
        parts += [
            canvas.line(LEFT + 86, 8, LEFT + 106, 8, css="l-s0", dash="4 3", width=1.5),
            canvas.text(LEFT + 113, 12, "forecast", css="small"),
        ]
    return parts


def _present(now: int | None, across: canvas.Scale, top: float, bottom: float) -> list[str]:
    if not now or not across.low <= math.log(now) <= across.high:
        return []
    x = across(math.log(now))
    label = f"now {count(now, 'image')}"
    room = canvas.text_width(label, size=11) + 6
    anchor, at = ("end", x - 5) if x > LEFT + room else ("start", x + 5)
    return [
        canvas.line(x, top, x, bottom, css="axis", dash="2 3"),
        canvas.text(at, bottom - 8, label, css="soft small", anchor=anchor),
    ]


def _forecast(
    last: SizePoint, forecast: Sequence[SizePoint], across: canvas.Scale, up: canvas.Scale, name: str
) -> list[str]:
    """Draw the band and the dashed line from the last measured score on."""
    if not forecast:
        return []
    known = [last, *forecast]
    places = [across(math.log(each.n)) for each in known]
    ends = [each.ci95 or (each.score, each.score) for each in known]
    outline = [(x, up(high)) for x, (_, high) in zip(places, ends, strict=True)]
    outline += [(x, up(low)) for x, (low, _) in reversed(list(zip(places, ends, strict=True)))]
    path = " ".join(f"{canvas.n(x)},{canvas.n(y)}" for x, y in outline)
    line = [(x, up(each.score)) for x, each in zip(places, known, strict=True)]
    marks = [
        canvas.group(
            f"forecast: {_title(each, name)}",
            f'<circle cx="{canvas.n(x)}" cy="{canvas.n(y)}" r="4" class="page l-s0" stroke-width="1.5"/>',
        )
        for each, (x, y) in zip(forecast, line[1:], strict=True)
    ]
    band = f'<polygon points="{path}" class="s0" fill-opacity="0.14"/>'
    return [band, polyline(line, css="l-s0", dash="4 3"), *marks]


def _mark(each: SizePoint, across: canvas.Scale, up: canvas.Scale, name: str) -> str:
    x = across(math.log(each.n))
    whisker = (
        [canvas.line(x, up(each.ci95[0]), x, up(each.ci95[1]), css="l-s0", width=1.5)] if each.ci95 else []
    )
    return canvas.group(
        _title(each, name), *whisker, canvas.mark(x, up(each.score), "circle", css="s0 halo", size=4.4)
    )


def _title(each: SizePoint, name: str) -> str:
    interval = f" ({percent(each.ci95[0])} to {percent(each.ci95[1])})" if each.ci95 else ""
    return f"{count(each.n, 'image')}, {name} {percent(each.score)}{interval}"
