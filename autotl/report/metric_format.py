"""Format scores and differences of a metric as percentages or plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

from autotl.evaluation.number_text import IN_UNITS, significant
from autotl.report import format
from autotl.report.format import Interval


@dataclass(frozen=True, slots=True)
class Measure:
    """Metric with its number format.

    A share is formatted in percent and its differences in points; other metrics are plain numbers. Errors
    in the unit of the user's numbers have three significant digits. Differences are gains: above zero is
    better, also if a lower score is better.
    """

    name: str = "accuracy"
    higher_is_better: bool = True
    percent: bool = True
    in_units: bool = False

    @property
    def margin(self) -> float:
        """The smallest margin around scores in a figure."""
        return 1e-12 if self.in_units else 0.01

    @property
    def bounds(self) -> tuple[float, float]:
        """The lower and upper limit of an axis."""
        return (0.0, 1.0) if self.percent else (float("-inf"), float("inf"))

    @property
    def remark(self) -> str:
        """``" (lower is better)"`` or an empty text."""
        return "" if self.higher_is_better else " (lower is better)"

    def merit(self, number: float) -> float:
        """Convert between the score and a number that is better if higher."""
        return number if self.higher_is_better else -number

    def value(self, number: float | None) -> str:
        """Format a score: ``"91.3%"`` or ``"0.274"``; a dash for None."""
        if self.percent:
            return format.percent(number)
        if number is None or not format.measured(number):
            return format.DASH
        return self.plain(number).replace("-", "−")

    def plain(self, number: float) -> str:
        """Format a score without percent: ``"0.913"``."""
        return significant(number) if self.in_units else f"{number:.3f}"

    def tick(self, number: float) -> str:
        """Format a score for an axis."""
        return format.percent(number).replace(".0%", "%") if self.percent else format.value(float(number))

    def gain(self, number: float | None) -> str:
        """Format a signed difference without its unit: ``"+4.8"`` or ``"+0.041"``."""
        if self.percent:
            return format.points(number)
        if number is None or not format.measured(number):
            return format.DASH
        if self.in_units:
            return significant(number, signed=True)
        text = f"{number:+.3f}"
        return "0.000" if text in {"+0.000", "-0.000"} else text.replace("-", "−")

    def amount(self, number: float) -> str:
        """Format the size of a difference: ``"4.8 points"`` or ``"0.041"``."""
        return self.gain(abs(number)).lstrip("+") + self.unit

    @property
    def unit(self) -> str:
        """The unit of a difference, with a leading space."""
        return " points" if self.percent else ""

    def between(self, ci95: Interval | None) -> str:
        """Format an interval of scores: ``"between 88.1% and 93.9%"``; empty for None."""
        return f"between {self.value(ci95[0])} and {self.value(ci95[1])}" if ci95 else ""

    def between_gains(self, ci95: Interval | None) -> str:
        """Format an interval of differences with its unit; empty for None."""
        return f"between {self.gain(ci95[0])} and {self.gain(ci95[1])}{self.unit}" if ci95 else ""

    def span(self, ci95: Interval | None) -> str:
        """Format an interval of scores for a table; a dash for None."""
        if self.percent or ci95 is None:
            return format.span(ci95)
        return f"{self.value(ci95[0])} – {self.value(ci95[1])}"


ACCURACY = Measure()


def measure_of(name: str | None, *, higher_is_better: bool, percent: bool) -> Measure:
    """Return the format of a metric.

    Args:
        name: Its name; None for accuracy.
        higher_is_better: Whether larger numbers are better.
        percent: Whether it is shown in percent.
    """
    return Measure(format.metric(name), higher_is_better, percent, name in IN_UNITS)
