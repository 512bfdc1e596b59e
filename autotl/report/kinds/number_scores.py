"""Describe the test scores of predicted numbers."""

from __future__ import annotations

from autotl.evaluation.number_text import significant
from autotl.report import figures, format
from autotl.report.document.evaluation import ColumnScore
from autotl.report.document.report import Report
from autotl.report.section import Figure, Table

MOST_DRAWN = 6
"""Numbers that have figures."""
LEFT_OUT = 5
"""The shares of residuals outside the range in the table, in percent on each side."""


def sentences(report: Report) -> list[str]:
    """Describe coverage and bias of each number."""
    parts = []
    expected = report.test.expected_coverage
    for each in report.test.per_column:
        if each.coverage is not None and expected is not None:
            parts.append(_coverage(each, each.coverage, expected))
        if each.bias is not None and each.bias_ci95 and not each.bias_ci95[0] <= 0 <= each.bias_ci95[1]:
            side = "too high" if each.bias > 0 else "too low"
            low, high = sorted(map(abs, each.bias_ci95))
            parts.append(
                f"Predictions of {format.name(each.name)} are {side} by {number(abs(each.bias))} on average "
                f"(95% interval: {number(low)} to {number(high)})."
            )
    return parts


def _coverage(each: ColumnScore, coverage: float, expected: float) -> str:
    inside = each.coverage_ci95
    text = (
        f"The {100 * expected:.0f}% prediction intervals of {format.name(each.name)} hold "
        f"{format.percent(coverage)} of its test numbers"
    )
    if inside is None:
        return f"{text}."
    text += f" (95% interval: {format.span(inside)})"
    if inside[1] < expected:
        return f"{text}, fewer than they should: they are too narrow for these images."
    if inside[0] > expected:
        return f"{text}, more than they need to: they are wider than necessary."
    return f"{text}."


def tables(report: Report) -> tuple[Table, ...]:
    """Return the scores of each number, in its own unit."""
    rows = tuple(
        (
            format.name(each.name),
            number(each.mae),
            " – ".join(map(number, each.mae_ci95)) if each.mae_ci95 else format.DASH,
            number(each.rmse),
            format.DASH if each.r2 is None else f"{each.r2:.3f}".replace("-", "−"),
            format.DASH if each.spearman is None else f"{each.spearman:.3f}".replace("-", "−"),
            number(each.bias),
            _middle(each),
            format.percent(each.coverage),
            number(each.width),
        )
        for each in report.test.per_column
    )
    headings = (
        "number",
        "MAE",
        "95% interval",
        "RMSE",
        "R²",
        "Spearman",
        "bias",
        f"residuals, {LEFT_OUT} – {100 - LEFT_OUT}%",
        "coverage",
        "interval width",
    )
    return (Table(headings, rows, frozenset(range(1, len(headings)))),)


def _middle(each: ColumnScore) -> str:
    quantiles = each.residual_quantiles
    return f"{number(quantiles[0])} – {number(quantiles[-1])}" if len(quantiles) > 1 else format.DASH


def drawings(report: Report) -> tuple[Figure, ...]:
    """Return predicted against true numbers, and the residuals, of the first numbers."""
    found = []
    for index, each in enumerate(report.test.per_column[:MOST_DRAWN]):
        ending = "" if index == 0 else f"-{index + 1}"
        band = " The band is the prediction interval." if each.width is not None else ""
        found += [
            Figure(
                f"scatter{ending}",
                f"Predicted and true {each.name} of {len(each.points):,} test images. Points on the line are "
                f"predicted exactly.{band}",
                _scatter(each, f"scatter{ending}"),
                place="beside",
            ),
            Figure(
                f"residuals{ending}",
                f"Residuals of {each.name} on the test images: the true number minus its prediction.",
                _residuals(each, f"residuals{ending}"),
                place="beside",
            ),
        ]
    return tuple(found)


def _scatter(each: ColumnScore, key: str) -> figures.Draw:
    name, half = format.value(each.name), None if each.width is None else each.width / 2
    return lambda width: figures.scatter(each.points, name, key=key, half_width=half, width=width)


def _residuals(each: ColumnScore, key: str) -> figures.Draw:
    name, found = format.value(each.name), each.residuals
    return lambda width: figures.histogram(
        found.edges, found.counts, name=f"residual of {name}", key=key, zero=True, width=width
    )


def number(value: float | None) -> str:
    """Format a number in its unit; a dash for None."""
    return format.DASH if value is None or not format.measured(value) else significant(value)
