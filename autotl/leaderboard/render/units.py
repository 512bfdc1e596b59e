"""How a board's scores and differences are told: in percent and points, or in the metric's own numbers."""

from __future__ import annotations

from autotl.leaderboard.stats.standings import Board
from autotl.metrics import METRICS
from autotl.report import format
from autotl.report.metric_format import Measure


def scale(board: Board) -> Measure:
    """The measure of a board's metric; of several, plain numbers unless all of them are shares."""
    known = [METRICS[each] for each in board.metrics if each in METRICS]
    if len(known) == 1:
        return Measure(format.metric(known[0].name), known[0].higher_is_better, known[0].percent)
    return Measure("score", percent=all(each.percent for each in known))


def score(number: float | None, measure: Measure) -> str:
    """A row's score, of which higher is always better, as people read it."""
    return measure.value(None if number is None else measure.merit(number))


def cost(regret: float | None, measure: Measure) -> str:
    """A regret, its sign only where it is a gain: ``"4.3"``, ``"−0.5"``."""
    return measure.gain(regret).removeprefix("+")
