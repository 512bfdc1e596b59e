"""Draw the transfer gain as an interval around zero."""

from __future__ import annotations

from autotl.report.figures import canvas
from autotl.report.format import Effect, Interval, effect
from autotl.report.metric_format import ACCURACY, Measure

TOP, BOTTOM, SIDE = 34.0, 104.0, 14.0
"""Edges of the drawing area in pixels."""
COLOURS = {"helps": "good", "hurts": "bad"}


def gain(
    value: float,
    ci95: Interval | None,
    *,
    p: float | None = None,
    measure: Measure = ACCURACY,
    width: float = canvas.WIDE,
) -> str:
    """Draw the gain and its interval between "hurts" and "helps".

    Zero is always in the middle, so the side shows the sign.

    Args:
        value: Gain in numbers of the metric.
        ci95: Its 95% interval.
        p: P-value of the paired test; from 0.05, no side is marked.
        measure: The metric.
        width: In pixels.

    Returns:
        SVG.
    """
    reach = max(abs(value), *(abs(end) for end in ci95 or (0.0,)), 2 * measure.margin) * 1.2
    scale = canvas.Scale(-reach, reach, SIDE, width - SIDE)
    found = effect(ci95, p)
    summary = f"{measure.gain(value)}{measure.unit}" + (f", {measure.between_gains(ci95)}" if ci95 else "")
    unit = "points of" if measure.percent else "better in"
    against = ", against the best model without transfer" if width >= 400 else ", against no transfer"
    axis = canvas.fit(f"{unit} test {measure.name}{against}", width - 2 * SIDE, size=11)
    parts = [
        *_zones(scale, found, width),
        *_axis(scale, measure, width),
        canvas.group(summary, *_interval(value, ci95, scale, measure, css=COLOURS.get(found or "", "flat"))),
        canvas.text(width - SIDE, BOTTOM + 37, axis, css="soft small", anchor="end"),
    ]
    return canvas.svg(
        "gain",
        width=width,
        height=BOTTOM + 45,
        title="Gain of transfer over the best model without it, with its 95% interval",
        description=f"{summary}. Left of zero transfer hurts, right of zero transfer helps. "
        "If the interval includes zero, no difference could be measured.",
        parts=parts,
    )


def _zones(scale: canvas.Scale, found: Effect | None, width: float) -> list[str]:
    """Both halves of the drawing with their labels; the one of the effect stands out."""
    middle, height = scale(0), BOTTOM - TOP
    hurts, helps = (0.14 if found == effect else 0.06 for effect in ("hurts", "helps"))
    parts = [
        canvas.rect(SIDE, TOP, middle - SIDE, height, css="bad", opacity=hurts, round_=4),
        canvas.rect(middle, TOP, width - SIDE - middle, height, css="good", opacity=helps, round_=4),
    ]
    central = "no measurable difference" if width >= 400 else "no difference"
    zones = [
        ("hurts", SIDE, "start", "hurts", "bad"),
        ("no_measurable_difference", middle, "middle", central, "flat"),
        ("helps", width - SIDE, "end", "helps", "good"),
    ]
    for key, x, anchor, label, css in zones:
        weight = f"{css} strong" if key == found else "soft"
        parts.append(canvas.text(x, 22, label, css=weight, anchor=anchor))
    return parts


def _axis(scale: canvas.Scale, measure: Measure, width: float) -> list[str]:
    parts = []
    for tick in canvas.ticks(scale.low, scale.high, about=4 if width < 520 else 8):
        zero = abs(tick) < 1e-12
        top = TOP - 4 if zero else BOTTOM
        label = "0" if zero else _tick(tick, measure)
        parts.append(canvas.line(scale(tick), top, scale(tick), BOTTOM + 5, css="axis"))
        parts.append(canvas.text(scale(tick), BOTTOM + 19, label, css="soft small", anchor="middle"))
    return parts


def _tick(tick: float, measure: Measure) -> str:
    return measure.gain(tick).replace(".0", "") if measure.percent else f"{tick:+g}".replace("-", "−")


def _interval(
    value: float, ci95: Interval | None, scale: canvas.Scale, measure: Measure, *, css: str
) -> list[str]:
    y = (TOP + BOTTOM) / 2 + 8
    bar = [canvas.line(scale(ci95[0]), y, scale(ci95[1]), y, css=f"l-{css}", width=4)] if ci95 else []
    return [
        *bar,
        canvas.mark(scale(value), y, "circle", css=f"{css} halo", size=7.5),
        canvas.text(scale(value), y - 15, measure.gain(value), css=f"{css} strong", anchor="middle"),
    ]
