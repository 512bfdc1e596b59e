"""Draw the forecast of each arm against its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autotl.report.figures import canvas
from autotl.report.format import count
from autotl.report.metric_format import ACCURACY, Measure

MOST = 16
"""Arms that are drawn."""


@dataclass(frozen=True, slots=True)
class ArmForecast:
    """Forecast of an arm's best validation score, and its outcome.

    Attributes:
        strategy: Name of the strategy.
        backbone: Name of the backbone.
        expected: The expected score.
        low: Lower end of the interval that holds 90 % of the forecast.
        high: Upper end of the interval.
        outcome: The best validation score; None without one.
    """

    strategy: str
    backbone: str
    expected: float
    low: float
    high: float
    outcome: float | None = None

    @property
    def missed(self) -> bool:
        """Whether the outcome lies outside of the interval."""
        return self.outcome is not None and not self.low <= self.outcome <= self.high


def forecasts(rows: Sequence[ArmForecast], *, measure: Measure = ACCURACY, width: float = canvas.WIDE) -> str:
    """Draw a bar over each interval.

    A line is at the expected score, a mark at the outcome.

    Args:
        rows: The arms from top to bottom, in numbers of the metric.
        measure: The metric.
        width: In pixels.

    Returns:
        SVG; empty without arms.
    """
    rows = rows[:MOST]
    if not rows:
        return ""
    stacked = width < 520
    left, right, row, top = (12.0, 16.0, 44.0, 26.0) if stacked else (250.0, 64.0, 36.0, 28.0)
    outcomes = [each.outcome for each in rows if each.outcome is not None]
    every = [*outcomes, *(end for each in rows for end in (each.low, each.expected, each.high))]
    floor, ceiling = measure.bounds
    low, high = canvas.span(every, floor=floor, ceiling=ceiling, least=measure.margin)
    scale = canvas.Scale(low, high, left + 6, width - right)
    bottom = top + row * len(rows)
    parts = [
        *_legend(0.0 if stacked else left),
        *_axis(scale, top, bottom, measure, rows=len(rows) if stacked else 0),
    ]
    for index, each in enumerate(rows):
        y = top + row * (index + 0.5) + (9 if stacked else 0)
        parts.append(
            canvas.group(
                _title(each, measure),
                *_bar(each, scale, y),
                *_label(each, y, left, width, measure, stacked=stacked),
            )
        )
    missed = sum(each.missed for each in rows)
    return canvas.svg(
        "forecasts",
        width=width,
        height=bottom + 42,
        title=f"Forecast before training and outcome of {count(len(rows), 'arm')}",
        description=f"{'; '.join(_title(each, measure) for each in rows)}. "
        f"Outside of its interval: {count(missed, 'outcome')}.",
        parts=parts,
    )


def _axis(scale: canvas.Scale, top: float, bottom: float, measure: Measure, *, rows: int) -> list[str]:
    ticks = canvas.ticks(scale.low, scale.high, about=4 if rows else 6)
    name = f"validation {measure.name}{measure.remark}"
    return [
        *canvas.rulers([scale(tick) for tick in ticks], top, bottom, rows=rows),
        *(
            canvas.text(scale(tick), bottom + 17, measure.tick(tick), css="soft small", anchor="middle")
            for tick in ticks
        ),
        canvas.text(scale.end, bottom + 34, name, css="soft small", anchor="end"),
    ]


def _legend(left: float) -> list[str]:
    return [
        canvas.line(left + 6, 10, left + 26, 10, css="l-flat", width=5),
        canvas.text(left + 34, 14, "90% of the forecast", css="soft small"),
        canvas.mark(left + 164, 10, "diamond", css="good halo", size=5),
        canvas.text(left + 174, 14, "outcome", css="soft small"),
    ]


def _bar(each: ArmForecast, scale: canvas.Scale, y: float) -> list[str]:
    parts = [
        canvas.line(scale(each.low), y, scale(each.high), y, css="l-flat", width=5),
        canvas.line(scale(each.expected), y - 7, scale(each.expected), y + 7, css="l-ink", width=1.5),
    ]
    if each.outcome is not None:
        css = "bad" if each.missed else "good"
        parts.append(canvas.mark(scale(each.outcome), y, "diamond", css=f"{css} halo", size=5.5))
    return parts


def _label(
    each: ArmForecast, y: float, left: float, width: float, measure: Measure, *, stacked: bool
) -> list[str]:
    outcome = measure.value(each.outcome)
    if stacked:
        name = canvas.fit(f"{each.strategy} · {each.backbone}", width - 90)
        return [canvas.text(left, y - 12, name), canvas.text(width - 16, y - 12, outcome, anchor="end")]
    return [
        canvas.text(12, y - 2, canvas.fit(each.strategy, left - 26)),
        canvas.text(12, y + 12, canvas.fit(each.backbone, left - 26, size=11), css="soft small"),
        canvas.text(width - 12, y + 4, outcome, anchor="end"),
    ]


def _title(each: ArmForecast, measure: Measure) -> str:
    outcome = "no outcome" if each.outcome is None else f"outcome {measure.value(each.outcome)}"
    return (
        f"{each.strategy} on {each.backbone}: expected {measure.value(each.expected)} "
        f"({measure.value(each.low)} to {measure.value(each.high)}), {outcome}"
    )
