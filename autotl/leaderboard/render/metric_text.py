"""Format scores and regrets.

They are in percent and points, or in the numbers of the metric.
"""

from __future__ import annotations

from collections.abc import Sequence

from autotl.evaluation.number_text import IN_UNITS
from autotl.leaderboard.stats.standings import Board
from autotl.metrics import metric_named
from autotl.report import format
from autotl.report.metric_format import Measure


def measure_of(board: Board) -> Measure:
    """Return the format of a leaderboard's metric.

    The format is neutral if there are several metrics.
    """
    return measure_named(board.metrics)


def measure_named(metrics: Sequence[str]) -> Measure:
    """Return the format of scores of these metrics.

    It is neutral if there are several.
    """
    known = [found for each in metrics if (found := metric_named(each)) is not None]
    if len(known) == 1:
        metric = known[0]
        name = format.metric(metric.name)
        return Measure(name, metric.higher_is_better, metric.percent, metric.name in IN_UNITS)
    return Measure("score", percent=all(each.percent for each in known))


def score_text(score: float | None, measure: Measure) -> str:
    """Format the score of a row, in which higher is better."""
    return measure.value(None if score is None else measure.merit(score))


def regret_text(regret: float | None, measure: Measure) -> str:
    """Format a regret, signed only if negative: ``"4.3"``, ``"−0.5"``."""
    return measure.gain(regret).removeprefix("+")
