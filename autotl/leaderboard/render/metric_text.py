"""Format scores and regrets in percent, points or the metric's numbers."""

from __future__ import annotations

from autotl.leaderboard.stats.standings import Board
from autotl.metrics import METRICS
from autotl.report import format
from autotl.report.metric_format import Measure


def measure_of(board: Board) -> Measure:
    """Return the format of a leaderboard's metric.

    The format is neutral if there are several metrics.
    """
    known = [METRICS[each] for each in board.metrics if each in METRICS]
    if len(known) == 1:
        return Measure(format.metric(known[0].name), known[0].higher_is_better, known[0].percent)
    return Measure("score", percent=all(each.percent for each in known))


def score_text(score: float | None, measure: Measure) -> str:
    """Format the score of a row, in which higher is better."""
    return measure.value(None if score is None else measure.merit(score))


def regret_text(regret: float | None, measure: Measure) -> str:
    """Format a regret, with a sign if it is negative: ``"−0.5"``."""
    return measure.gain(regret).removeprefix("+")
