"""Say scores and differences as their metric wants them: as a percentage, or as a plain number."""

from __future__ import annotations

from dataclasses import dataclass

from autotl.report import format
from autotl.report.lookup import Report, at


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric as a report tells of it. A share is told in percent, and differences of it in points.

    Differences are gains: above zero is better, also where of the metric itself lower is better.
    """

    name: str = "accuracy"
    higher_is_better: bool = True
    percent: bool = True

    @property
    def bounds(self) -> tuple[float, float]:
        """Between what numbers an axis of it may lie."""
        return (0.0, 1.0) if self.percent else (float("-inf"), float("inf"))

    @property
    def remark(self) -> str:
        """What to know to read it: ``" (lower is better)"``, or nothing."""
        return "" if self.higher_is_better else " (lower is better)"

    def merit(self, number: float) -> float:
        """A number by which higher is better, and back."""
        return number if self.higher_is_better else -number

    def value(self, number: float | None) -> str:
        """A score: ``"91.3%"`` or ``"0.274"``; a dash where it was not measured."""
        if self.percent:
            return format.percent(number)
        if number is None or not format.measured(number):
            return format.DASH
        return f"{number:.3f}".replace("-", "−")

    def tick(self, number: float) -> str:
        """A score beside an axis."""
        return format.percent(number).replace(".0%", "%") if self.percent else format.value(float(number))

    def gain(self, number: float | None) -> str:
        """A difference with its sign, without the unit: ``"+4.8"`` or ``"+0.041"``."""
        if self.percent:
            return format.points(number)
        if number is None or not format.measured(number):
            return format.DASH
        text = f"{number:+.3f}"
        return "0.000" if text in {"+0.000", "-0.000"} else text.replace("-", "−")

    def amount(self, number: float) -> str:
        """How large a difference is, with its unit: ``"4.8 points"`` or ``"0.041"``."""
        return self.gain(abs(number)).lstrip("+") + self.unit

    @property
    def unit(self) -> str:
        """What stands behind a difference."""
        return " points" if self.percent else ""

    def between(self, ci95: object) -> str:
        """An interval of scores in words; empty where not measured."""
        pair = format.ends(ci95)
        return f"between {self.value(pair[0])} and {self.value(pair[1])}" if pair else ""

    def between_gains(self, ci95: object) -> str:
        """An interval of differences in words; empty where not measured."""
        pair = format.ends(ci95)
        return f"between {self.gain(pair[0])} and {self.gain(pair[1])}{self.unit}" if pair else ""

    def span(self, ci95: object) -> str:
        """An interval of scores as a table shows it; a dash where not measured."""
        pair = format.ends(ci95)
        if self.percent or not pair:
            return format.span(ci95)
        return f"{self.value(pair[0])} – {self.value(pair[1])}"


ACCURACY = Measure()


def measure_of(report: Report) -> Measure:
    """The metric of a report; one that does not tell how to read it is a share."""
    test = at(report, "test")
    return Measure(
        format.metric(at(test, "metric")),
        at(test, "higher_is_better") is not False,
        at(test, "percent") is not False,
    )
