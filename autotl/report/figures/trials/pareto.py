"""Draw validation scores against the cost of a training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autotl.report.figures import canvas
from autotl.report.figures.axes import (
    LEFT,
    ScoreAxis,
    bottom_axis,
    duration,
    polyline,
    score_axis,
    seconds_scale,
    seconds_ticks,
    series,
    strategies_legend,
)
from autotl.report.format import count
from autotl.report.metric_format import ACCURACY, Measure


@dataclass(frozen=True, slots=True)
class TrialCost:
    """Trial with its score and its cost.

    ``seconds`` is the time of one training, above 0.
    """

    strategy: str
    number: int
    seconds: float
    score: float


def pareto_front(points: Sequence[TrialCost]) -> list[TrialCost]:
    """Return the trials that no other beats in both cost and merit.

    They are ordered by rising cost. Scores are merits: higher is better.
    """
    front: list[TrialCost] = []
    for each in sorted(points, key=lambda point: (point.seconds, -point.score)):
        if not front or each.score > front[-1].score:
            front.append(each)
    return front


def pareto(
    points: Sequence[TrialCost],
    strategies: Sequence[str],
    *,
    measure: Measure = ACCURACY,
    width: float = canvas.WIDE,
) -> str:
    """Draw the trials by cost and score, and their Pareto front.

    Args:
        points: The trials, in numbers of the metric.
        strategies: The strategies in the order of their marks.
        measure: The metric; better scores are higher in the drawing.
        width: In pixels.

    Returns:
        SVG; empty with fewer than two trials.
    """
    points = [replace(each, score=measure.merit(each.score)) for each in points if each.seconds > 0]
    if len(points) < 2:
        return ""
    right, names = width - 14, {each.strategy for each in points}
    legend, top = strategies_legend(strategies, names, left=LEFT, right=right, top=14)
    bottom = top + (230.0 if width >= 520 else 200.0)
    axis = score_axis([each.score for each in points], measure, top=top + 2, bottom=bottom, right=right)
    across = seconds_scale([each.seconds for each in points], LEFT + 8, right - 8)
    front = pareto_front(points)
    named = "; ".join(
        f"{each.strategy} {axis.shown(each.score)} in {duration(_rounded(each.seconds))}" for each in front
    )
    return canvas.svg(
        "pareto",
        width=width,
        height=bottom + 43,
        title=f"Validation {measure.name} of {count(len(points), 'trial')} by the cost of a training",
        description=f"On the Pareto front, from the cheapest: {named}.",
        parts=[
            *legend,
            *axis.draw(),
            *bottom_axis(
                seconds_ticks(across), "time of one training", left=LEFT, right=right, bottom=bottom
            ),
            _steps(front, across, axis),
            *(_mark(each, strategies.index(each.strategy), across, axis) for each in points),
        ],
    )


def _steps(front: Sequence[TrialCost], across: canvas.Scale, axis: ScoreAxis) -> str:
    """Draw the front as steps: a score is available from its cost on."""
    corners: list[tuple[float, float]] = []
    for each in front:
        x, y = across(math.log10(each.seconds)), axis.y(each.score)
        corners += [(x, corners[-1][1])] if corners else []
        corners.append((x, y))
    corners.append((axis.right, corners[-1][1]))
    return polyline(corners, css="l-ink")


def _mark(each: TrialCost, number: int, across: canvas.Scale, axis: ScoreAxis) -> str:
    shape, css = series(number)
    cost = duration(_rounded(each.seconds))
    title = f"trial {each.number}, {each.strategy}: {axis.shown(each.score)} in {cost}"
    x, y = across(math.log10(each.seconds)), axis.y(each.score)
    return canvas.group(title, canvas.mark(x, y, shape, css=f"{css} halo", size=4.6))


def _rounded(seconds: float) -> float:
    """Round to two significant digits."""
    return float(f"{seconds:.2g}")
