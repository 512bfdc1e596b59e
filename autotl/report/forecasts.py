"""Compare the forecasts of the arms with their outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from autotl.api import Arm
from autotl.forecast import ArmForecast, updated
from autotl.report.document.forecast import ForecastRow
from autotl.report.evidence import Evidence


def forecast_rows(
    forecasts: Sequence[ArmForecast],
    *,
    higher_is_better: bool,
    outcomes: Mapping[Arm, tuple[float, float]] = MappingProxyType({}),
) -> list[ForecastRow]:
    """Return the forecasts in the metric's own numbers.

    Args:
        forecasts: The forecasts; of scores, higher is better.
        higher_is_better: Whether larger numbers of the metric are better.
        outcomes: The best validation score of each arm, and the images behind it.
    """
    return [_row(each, outcomes.get(each.arm), sign=1.0 if higher_is_better else -1.0) for each in forecasts]


def compared(e: Evidence) -> list[ForecastRow]:
    """Return the forecasts of a run with their outcomes."""
    most, fold = len(e.splits.train), len(e.splits.folds[0].val)
    outcomes = {
        arm: (found.best.score, float(max(1, min(most, fold * found.best.folds))))
        for arm, found in e.findings.arms.items()
        if found.best.score is not None
    }
    return forecast_rows(e.forecasts, higher_is_better=e.findings.test.higher_is_better, outcomes=outcomes)


def _row(each: ArmForecast, outcome: tuple[float, float] | None, *, sign: float) -> ForecastRow:
    low, high = sorted((sign * each.low, sign * each.high))
    return ForecastRow(
        strategy=each.arm.strategy,
        backbone=each.arm.backbone,
        baseline=each.baseline,
        expected=sign * each.expected,
        deviation=each.deviation,
        low=low,
        high=high,
        chance_to_win=each.chance_to_win,
        outcome=None if outcome is None else sign * outcome[0],
        inside=None if outcome is None else each.low <= outcome[0] <= each.high,
        updated=None if outcome is None else sign * updated(each, *outcome),
    )
