"""Draw the validation scores during the training of each trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from autotl.report.figures import canvas
from autotl.report.figures.axes import LEFT, ScoreAxis, bottom_axis, polyline, score_axis, strategies_legend
from autotl.report.format import count
from autotl.report.metric_format import ACCURACY, Measure

MOST = 24
"""Trials that are drawn: the best ones."""
NAME = "share of the training on the first fold"
"""Name of the horizontal axis."""
MIN_POINTS = 2
"""Fewest scores of a trial that is drawn."""


@dataclass(frozen=True, slots=True)
class TrainingCurve:
    """Scores of a trial on its first fold.

    ``points`` are pairs of the share of the training, in [0, 1], and the score.
    """

    strategy: str
    number: int
    points: tuple[tuple[float, float], ...]


def curves(
    found: Sequence[TrainingCurve],
    strategies: Sequence[str],
    *,
    measure: Measure = ACCURACY,
    width: float = canvas.WIDE,
) -> str:
    """Draw a line for each trial, in the colour of its strategy.

    Args:
        found: The trials, in numbers of the metric.
        strategies: The strategies in the order of their colours.
        measure: The metric; better scores are higher in the drawing.
        width: In pixels.

    Returns:
        SVG; empty if no trial has two scores or more.
    """
    merits = [
        replace(each, points=tuple((done, measure.merit(score)) for done, score in each.points))
        for each in found
        if len(each.points) >= MIN_POINTS
    ]
    drawn = sorted(merits, key=lambda each: -max(score for _, score in each.points))[:MOST]
    if not drawn:
        return ""
    right, names = width - 14, {each.strategy for each in drawn}
    legend, top = strategies_legend(strategies, names, left=LEFT, right=right, top=14)
    bottom = top + (220.0 if width >= 520 else 190.0)
    every = [score for each in drawn for _, score in each.points]
    axis = score_axis(every, measure, top=top + 2, bottom=bottom, right=right)
    across = canvas.Scale(0.0, 1.0, LEFT + 4, right - 8)
    lines = [_line(each, strategies, across, axis) for each in reversed(drawn)]
    ticks = [(across(share), f"{share:.0%}") for share in (0, 0.25, 0.5, 0.75, 1)]
    best = drawn[0]
    return canvas.svg(
        "curves",
        width=width,
        height=bottom + 43,
        title=f"Validation {measure.name} during the training of {count(len(drawn), 'trial')}",
        description=f"The best is {best.strategy} in trial {best.number}, which reached "
        f"{axis.shown(max(score for _, score in best.points))}.",
        parts=[
            *legend,
            *axis.draw(),
            *bottom_axis(ticks, NAME, left=LEFT, right=right, bottom=bottom),
            *lines,
        ],
    )


def _line(each: TrainingCurve, strategies: Sequence[str], across: canvas.Scale, axis: ScoreAxis) -> str:
    corners = [(across(done), axis.y(score)) for done, score in each.points]
    css = f"l-s{strategies.index(each.strategy) % 7}"
    done, last = each.points[-1]
    title = f"trial {each.number}, {each.strategy}: {axis.shown(last)} at {done:.0%} of its training"
    return canvas.group(title, polyline(corners, css=css, width=1.8))
