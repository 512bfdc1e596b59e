"""Draw the transfer gain as one interval against zero."""

from __future__ import annotations

from autotl.report.figures import canvas
from autotl.report.format import Interval, effect
from autotl.report.metric_format import ACCURACY, Measure


def gain(
    value: float,
    ci95: Interval | None,
    *,
    p: float | None = None,
    measure: Measure = ACCURACY,
    width: float = canvas.WIDE,
) -> str:
    """Draw the gain and its interval between *hurts* on the left and *helps* on the right.

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
    reach = max(abs(value), *(abs(end) for end in ci95 or (0.02,)), 0.02) * 1.2
    scale = canvas.Scale(-reach, reach, 14, width - 14)
    top, bottom, middle = 34.0, 104.0, scale(0)
    found = effect(ci95, p) or ""
    colour = {"helps": "good", "hurts": "bad"}.get(found, "flat")
    parts = [
        canvas.rect(
            14,
            top,
            middle - 14,
            bottom - top,
            css="bad",
            opacity=0.14 if found == "hurts" else 0.06,
            round_=4,
        ),
        canvas.rect(
            middle,
            top,
            width - 14 - middle,
            bottom - top,
            css="good",
            opacity=0.14 if found == "helps" else 0.06,
            round_=4,
        ),
    ]
    central = "no measurable difference" if width >= 400 else "no difference"
    zones = [
        ("hurts", 14.0, "start", "hurts", "bad"),
        ("no_measurable_difference", middle, "middle", central, "flat"),
        ("helps", width - 14, "end", "helps", "good"),
    ]
    for key, x, anchor, label, css in zones:
        weight = f"{css} strong" if key == found else "soft"
        parts.append(canvas.text(x, 22, label, css=weight, anchor=anchor))
    for tick in canvas.ticks(-reach, reach, about=4 if width < 520 else 8):
        zero = abs(tick) < 1e-12
        parts.append(
            canvas.line(scale(tick), bottom if not zero else top - 4, scale(tick), bottom + 5, css="axis")
        )
        label = (
            "0"
            if zero
            else measure.gain(tick).replace(".0", "")
            if measure.percent
            else f"{tick:+g}".replace("-", "−")
        )
        parts.append(canvas.text(scale(tick), bottom + 19, label, css="soft small", anchor="middle"))
    y = (top + bottom) / 2 + 8
    summary = f"{measure.gain(value)}{measure.unit}" + (f", {measure.between_gains(ci95)}" if ci95 else "")
    drawn = [canvas.line(scale(ci95[0]), y, scale(ci95[1]), y, css=f"l-{colour}", width=4)] if ci95 else []
    drawn += [canvas.mark(scale(value), y, "circle", css=f"{colour} halo", size=7.5)]
    drawn += [canvas.text(scale(value), y - 15, measure.gain(value), css=f"{colour} strong", anchor="middle")]
    parts.append(canvas.group(summary, *drawn))
    of = "points of" if measure.percent else "better in"
    axis = f"{of} test {measure.name}, against the best model without transfer"
    parts.append(canvas.text(width - 14, bottom + 37, axis, css="soft small", anchor="end"))
    return canvas.svg(
        "gain",
        width=width,
        height=bottom + 45,
        title="Gain of transfer over the best model without it, with its 95% interval",
        description=f"{summary}. Left of zero transfer hurts, right of zero transfer helps. "
        "If the interval includes zero, no difference could be measured.",
        parts=parts,
    )
