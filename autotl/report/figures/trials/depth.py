"""Draw validation scores and costs by the number of frozen stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from autotl.report.figures import canvas
from autotl.report.figures.axes import (
    LEFT,
    bottom_axis,
    duration,
    polyline,
    score_axis,
    series,
    strategies_legend,
)
from autotl.report.format import count
from autotl.report.metric_format import ACCURACY, Measure

COSTS = 74.0
"""Height in pixels of the costs below the scores."""


@dataclass(frozen=True, slots=True)
class DepthPoint:
    """Trial with its freeze depth.

    ``frozen`` is the number of frozen stages, ``seconds`` the time of one training.
    """

    strategy: str
    frozen: int
    score: float
    seconds: float


def depth(
    points: Sequence[DepthPoint],
    strategies: Sequence[str],
    *,
    stages: int,
    measure: Measure = ACCURACY,
    width: float = canvas.WIDE,
) -> str:
    """Draw scores by freeze depth, and the median cost of each depth.

    Args:
        points: The trials, in numbers of the metric.
        strategies: The strategies in the order of their marks.
        stages: Stages of the network, which is the largest depth.
        measure: The metric; better scores are higher in the drawing.
        width: In pixels.

    Returns:
        SVG; empty unless trials have two depths or more.
    """
    points = [replace(each, score=measure.merit(each.score)) for each in points]
    if len({each.frozen for each in points}) < 2:
        return ""
    right, names = width - 14, {each.strategy for each in points}
    legend, top = strategies_legend(strategies, names, left=LEFT, right=right, top=14)
    middle = top + (190.0 if width >= 520 else 170.0)
    bottom = middle + COSTS
    axis = score_axis([each.score for each in points], measure, top=top + 2, bottom=middle, right=right)
    across = canvas.Scale(0, max(stages, *(each.frozen for each in points)), LEFT + 16, right - 16)
    best = {each: max(p.score for p in points if p.frozen == each) for each in {p.frozen for p in points}}
    named = "; ".join(f"{frozen} frozen {axis.shown(score)}" for frozen, score in sorted(best.items()))
    ticks = [(across(each), _tick(each, stages)) for each in range(round(across.high) + 1)]
    return canvas.svg(
        "depth",
        width=width,
        height=bottom + 43,
        title=f"Validation {measure.name} of {count(len(points), 'trial')} by frozen stages, with the cost",
        description=f"Best score of each depth: {named}.",
        parts=[
            *legend,
            *axis.draw(about=4),
            polyline([(across(x), axis.y(score)) for x, score in sorted(best.items())], css="l-ink"),
            *(
                _mark(each, strategies, across(each.frozen), axis.y(each.score), axis.shown(each.score))
                for each in points
            ),
            *_costs(points, across, middle, bottom),
            *bottom_axis(ticks, f"frozen stages of {stages}", left=LEFT, right=right, bottom=bottom),
        ],
    )


def _tick(frozen: int, stages: int) -> str:
    return "none" if frozen == 0 else "all" if frozen == stages else str(frozen)


def _mark(each: DepthPoint, strategies: Sequence[str], x: float, y: float, shown: str) -> str:
    shape, css = series(strategies.index(each.strategy))
    title = f"{each.strategy}, {count(each.frozen, 'frozen stage')}: {shown}"
    return canvas.group(title, canvas.mark(x, y, shape, css=f"{css} halo", size=4.6))


def _costs(points: Sequence[DepthPoint], across: canvas.Scale, top: float, bottom: float) -> list[str]:
    """Draw bars of the median seconds of one training at each depth."""
    by_depth: dict[int, list[float]] = {}
    for each in points:
        by_depth.setdefault(each.frozen, []).append(each.seconds)
    medians = {frozen: median(times) for frozen, times in by_depth.items()}
    most = max(medians.values()) or 1.0
    thick = min((across(1) - across(0)) * 0.5, 26.0)
    parts = [
        canvas.line(LEFT, top, across.end + 16, top, css="axis"),
        canvas.text(LEFT - 8, top + 30, "time", css="soft small", anchor="end"),
    ]
    free = 0.0
    for frozen, seconds in sorted(medians.items()):
        height = max((bottom - top - 26) * seconds / most, 1.0)
        label, x = duration(float(f"{seconds:.2g}")), across(frozen)
        half = canvas.text_width(label, size=11) / 2
        shown = label if x - half > free else ""  # it would touch its neighbour
        free = x + half + 4 if shown else free
        parts.append(
            canvas.group(
                f"{count(frozen, 'frozen stage')}: {label} for one training",
                canvas.rect(x - thick / 2, bottom - height, thick, height, css="flat", round_=2),
                canvas.text(x, bottom - height - 5, shown, css="soft small", anchor="middle"),
            )
        )
    return parts
