"""Draw the difference of each run to the first with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.comparison.difference import Answer, Difference
from autotl.evaluation.gain import Gain
from autotl.report import Measure
from autotl.report.figures import canvas

LEFT, RIGHT, TOP, ROW = 12.0, 16.0, 8.0, 46.0
COLOURS: dict[Answer, str] = {"better": "good", "worse": "bad"}


def difference_figure(found: Sequence[Difference], *, width: float) -> str:
    """Draw a dot at each difference and a bar over its interval.

    Args:
        found: The differences; those without a gain, or in another metric than the first, are left out.
        width: In pixels.

    Returns:
        SVG; empty without differences.
    """
    rows = [(each, each.gain) for each in found if each.gain is not None]
    rows = [pair for pair in rows if pair[0].measure == rows[0][0].measure]
    if not rows:
        return ""
    measure, first = rows[0][0].measure, rows[0][0].first.name
    bottom = TOP + ROW * len(rows)
    low, high = canvas.span(
        [0.0, *(end for _, gain in rows for end in (gain.value, *gain.ci95))], least=measure.margin
    )
    scale = canvas.Scale(low, high, LEFT + 6, width - RIGHT)
    axis = f"{'points of' if measure.percent else 'better in'} test {measure.name}, against {first}"
    parts = [
        *_axis(scale, measure, len(rows)),
        *(_row(each, gain, scale, TOP + ROW * place, width) for place, (each, gain) in enumerate(rows)),
        canvas.text(width - RIGHT, bottom + 36, canvas.fit(axis, width - 24), css="soft small", anchor="end"),
    ]
    described = "; ".join(_title(each, gain) for each, gain in rows)
    return canvas.svg(
        "differences",
        width=width,
        height=bottom + 44,
        title=f"Difference in test {measure.name} to {first}, with 95% intervals",
        description=f"{described}. If an interval includes zero, no difference could be measured.",
        parts=parts,
    )


def _axis(scale: canvas.Scale, measure: Measure, rows: int) -> list[str]:
    bottom = TOP + ROW * rows
    zero = canvas.line(scale(0), TOP + ROW * 0.55, scale(0), bottom + 4, css="axis")
    ticks = canvas.ticks(scale.low, scale.high, about=4)
    labels = [
        canvas.text(scale(tick), bottom + 18, measure.gain(tick), css="soft small", anchor="middle")
        for tick in ticks
    ]
    return [*canvas.rulers([scale(tick) for tick in ticks], TOP, bottom, rows=rows), zero, *labels]


def _row(found: Difference, gain: Gain, scale: canvas.Scale, top: float, width: float) -> str:
    css, y = COLOURS.get(found.answer, "flat"), top + ROW * 0.7
    amount = found.measure.gain(gain.value)
    return canvas.group(
        _title(found, gain),
        canvas.text(LEFT, top + 14, canvas.fit(found.run.name, width - 100)),
        canvas.text(width - RIGHT, top + 14, amount, css=f"{css} strong", anchor="end"),
        canvas.line(scale(gain.ci95[0]), y, scale(gain.ci95[1]), y, css=f"l-{css}", width=3),
        canvas.mark(scale(gain.value), y, "circle", css=f"{css} halo", size=6),
    )


def _title(found: Difference, gain: Gain) -> str:
    measure = found.measure
    return f"{found.run.name}: {measure.gain(gain.value)}{measure.unit}, {measure.between_gains(gain.ci95)}"
