"""Draw the validation scores of all trials over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from autotl.report.figures import canvas
from autotl.report.figures.axes import (
    LEFT,
    ScoreAxis,
    bottom_axis,
    polyline,
    score_axis,
    series,
    strategies_legend,
)
from autotl.report.format import count
from autotl.report.metric_format import ACCURACY, Measure


@dataclass(frozen=True, slots=True)
class TrialScore:
    """Trial of the search.

    ``seconds`` is its end since the start of the search. ``score`` is None if the trial has no score.
    """

    strategy: str
    seconds: float
    score: float | None
    default: bool = False


def search(tries: Sequence[TrialScore], *, measure: Measure = ACCURACY, width: float = canvas.WIDE) -> str:
    """Draw all trials and the best score so far.

    Args:
        tries: The trials in any order.
        measure: The metric; better scores are higher in the drawing.
        width: In pixels.

    Returns:
        SVG; empty without scores.
    """
    tries = [replace(t, score=None if t.score is None else measure.merit(t.score)) for t in tries]
    scored = [
        (t.seconds, t.score, t.strategy)
        for t in sorted(tries, key=lambda t: t.seconds)
        if t.score is not None
    ]
    if not scored:
        return ""
    scores = [score for _, score, _ in scored]
    strategies = list(dict.fromkeys(t.strategy for t in tries))
    right = width - 14
    legend, top = strategies_legend(strategies, strategies, left=LEFT, right=right, top=14)
    bottom = top + (250.0 if width >= 520 else 210.0)
    axis = score_axis(scores, measure, top=top + 2, bottom=bottom, right=right)
    across = canvas.Scale(0.0, max(*(t.seconds for t in tries), 1.0), LEFT + 4, right - 6)
    return canvas.svg(
        "search",
        width=width,
        height=bottom + 43,
        title=f"Validation {measure.name} of {count(len(tries), 'trial')} over time",
        description=_description(scored, len(tries) - len(scored), axis),
        parts=[
            *legend,
            *axis.draw(),
            *_time_axis(across, axis, width),
            _staircase([(seconds, score) for seconds, score, _ in scored], across, axis),
            *(_mark(each, strategies.index(each.strategy), across, axis) for each in tries),
        ],
    )


def _description(scored: Sequence[tuple[float, float, str]], unscored: int, axis: ScoreAxis) -> str:
    """Describe the best trial, and count those far below it."""
    seconds, best, strategy = max(scored, key=lambda each: each[1])
    facts = [f"The best, {axis.shown(best)} by {strategy}, came after {seconds:.0f} s."]
    if unscored:
        facts.append(f"{count(unscored, 'trial')} ended without a score.")
    if below := sum(score < axis.up.low for _, score, _ in scored):
        facts.append(f"Worse than {axis.shown(axis.up.low)}, in the lowest lane: {count(below, 'trial')}.")
    return " ".join(facts)


def _time_axis(across: canvas.Scale, axis: ScoreAxis, width: float) -> list[str]:
    unit, name = _unit(across.high)
    ticks = canvas.ticks(0.0, across.high / unit, about=4 if width < 520 else 8)
    labels = [(across(tick * unit), f"{tick:g}") for tick in ticks]
    return bottom_axis(labels, f"{name} since the start", left=LEFT, right=axis.right, bottom=axis.bottom)


def _mark(each: TrialScore, number: int, across: canvas.Scale, axis: ScoreAxis) -> str:
    x, y = across(each.seconds), axis.y(each.score)
    title = f"{each.strategy}, {axis.shown(each.score)} after {each.seconds:.0f} s"
    if each.score is None:
        return canvas.group(title, canvas.mark(x, y, "bar", css="flat", size=3.0))
    shape, css = series(number)
    size = 5.2 if each.default else 4.4
    return canvas.group(title, canvas.mark(x, y, shape, css=f"{css} halo", size=size))


def _staircase(scored: Sequence[tuple[float, float]], across: canvas.Scale, axis: ScoreAxis) -> str:
    """The best score so far over time."""
    best = -float("inf")
    corners: list[tuple[float, float]] = []
    for seconds, score in scored:
        if score > best:
            x = across(seconds)
            corners += [(x, axis.up(best))] if corners else []
            corners.append((x, axis.up(score)))
            best = score
    corners.append((axis.right - 6, axis.up(best)))
    return polyline(corners, css="l-ink")


def _unit(longest: float) -> tuple[float, str]:
    return (1.0, "seconds") if longest < 180 else (60.0, "minutes") if longest < 10800 else (3600.0, "hours")
