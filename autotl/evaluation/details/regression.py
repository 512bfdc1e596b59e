"""Score each of several predicted numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.api import PredictionIntervals
from autotl.evaluation.intervals import Interval, proportion_interval

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles of the residuals in a report."""
MAX_POINTS = 400
"""Most images that a report's figure shows."""
MAX_BINS = 30
"""Most bars of the histogram of the residuals."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between ``edges``, which has one number more."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ColumnScore:
    """The scores of one predicted number, in its own unit.

    A residual is a true number minus its prediction.

    Attributes:
        name: The column.
        n: Images.
        mae: Mean absolute error.
        mae_ci95: Student's 95 % interval of ``mae``; None for one image.
        rmse: Root of the mean squared error.
        r2: Share of the variance that is explained, at most 1; None if all true numbers are equal.
        spearman: Rank correlation of true and predicted numbers; None if either are all equal.
        bias: Mean of the prediction minus the true number.
        bias_ci95: Student's 95 % interval of ``bias``; None for one image.
        residual_quantiles: Quantiles QUANTILES of the residuals.
        residuals: Histogram of the residuals.
        coverage: Share of true numbers inside the prediction intervals, in [0, 1]; None without intervals.
        coverage_ci95: The exact 95 % interval of ``coverage``; None likewise.
        width: Width of the prediction intervals; None without intervals.
        points: True and predicted number of some images, evenly spaced by the true number.
    """

    name: str
    n: int
    mae: float
    mae_ci95: Interval | None
    rmse: float
    r2: float | None
    spearman: float | None
    bias: float
    bias_ci95: Interval | None
    residual_quantiles: tuple[float, ...]
    residuals: Histogram
    coverage: float | None
    coverage_ci95: Interval | None
    width: float | None
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class RegressionScores:
    """The scores of each number.

    ``expected_coverage`` is the share of true numbers that the prediction intervals are made to hold.
    """

    per_column: tuple[ColumnScore, ...]
    expected_coverage: float | None = None


def regression_scores(
    targets: Floats, predicted: Floats, columns: Sequence[str], intervals: PredictionIntervals | None
) -> RegressionScores:
    """Score each column.

    Args:
        targets: True numbers, (n, columns).
        predicted: Predicted numbers in the same units, (n, columns).
        columns: Names of the columns.
        intervals: The model's prediction intervals; None if it has none.
    """
    kept = intervals is not None and intervals.kept
    found = tuple(
        _column_score(
            name,
            targets[:, i].astype(np.float64),
            predicted[:, i],
            intervals.half_widths[i] if kept and intervals is not None else None,
        )
        for i, name in enumerate(columns)
    )
    return RegressionScores(found, intervals.coverage if kept and intervals is not None else None)


def _column_score(name: str, true: Floats, predicted: Floats, half_width: float | None) -> ColumnScore:
    residuals = true - predicted
    absolute, inside = np.abs(residuals), None
    if half_width is not None:
        inside = int((absolute <= half_width).sum())
    return ColumnScore(
        name,
        len(true),
        float(absolute.mean()),
        _mean_interval(absolute, least=0.0),
        math.sqrt(float((residuals**2).mean())),
        _r2(true, residuals),
        _spearman(true, predicted),
        -float(residuals.mean()),
        _mean_interval(-residuals),
        tuple(map(float, np.quantile(residuals, QUANTILES))),
        histogram(residuals),
        None if inside is None else inside / len(true),
        None if inside is None else proportion_interval(inside, len(true)),
        None if half_width is None else 2 * half_width,
        _points(true, predicted),
    )


def histogram(values: Floats) -> Histogram:
    """Return the counts of numbers in bins of equal width."""
    bins = int(min(MAX_BINS, max(5, math.ceil(math.sqrt(len(values))))))
    counts, edges = np.histogram(values, bins=bins)
    return Histogram(tuple(map(float, edges)), tuple(map(int, counts)))


def _mean_interval(values: Floats, *, least: float = -math.inf) -> Interval | None:
    """Return Student's interval of a mean; None for one number."""
    from scipy.stats import t as student  # takes half as long to import as torch

    if len(values) < 2:
        return None
    half = float(student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values)))
    return max(least, float(values.mean()) - half), float(values.mean()) + half


def _r2(true: Floats, residuals: Floats) -> float | None:
    total = float(((true - true.mean()) ** 2).sum())
    return 1 - float((residuals**2).sum()) / total if total > 0 else None


def _spearman(true: Floats, predicted: Floats) -> float | None:
    from scipy.stats import spearmanr

    if np.ptp(true) == 0 or np.ptp(predicted) == 0:
        return None
    return float(spearmanr(true, predicted).statistic)


def _points(true: Floats, predicted: Floats) -> tuple[tuple[float, float], ...]:
    order = np.argsort(true, kind="stable")
    chosen = order[np.unique(np.linspace(0, len(order) - 1, min(len(order), MAX_POINTS)).round().astype(int))]
    return tuple(zip(true[chosen].tolist(), predicted[chosen].tolist(), strict=True))
