"""Draw the validation scores of all trials over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from autotl.report.figures import canvas
from autotl.report.format import count
from autotl.report.metric_format import ACCURACY, Measure

LEFT = 52.0
"""Margin in pixels for the labels of the scores."""
LEAST_RANGE = 0.06
"""Range of a share that is always drawn below the best score."""


@dataclass(frozen=True, slots=True)
class TrialScore:
    """Trial of the search.

    ``seconds`` is its end since the start of the search. ``score`` is None if the trial has no score.
    """

    strategy: str
    seconds: float
    score: float | None
    default: bool = False


@dataclass(frozen=True, slots=True)
class _Frame:
    """Scales of the drawing; ``lane`` is whether marks of far lower scores are in a lane of their own."""

    across: canvas.Scale
    up: canvas.Scale
    right: float
    bottom: float
    measure: Measure
    lane: bool

    def y(self, score: float | None) -> float:
        """The height of a mark."""
        if score is None:
            return self.bottom - 1.5
        return self.up(score) if score >= self.up.low else self.bottom - 10

    def shown(self, score: float | None) -> str:
        """The score as text."""
        return self.measure.value(None if score is None else self.measure.merit(score))


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
    legend, top = _legend(strategies, width)
    frame = _frame(scores, max(t.seconds for t in tries), top, measure, width)
    below = sum(score < frame.up.low for score in scores)
    seconds, best, strategy = max(scored, key=lambda each: each[1])
    unscored = count(len(tries) - len(scored), "trial")
    return canvas.svg(
        "search",
        width=width,
        height=frame.bottom + 43,
        title=f"Validation {measure.name} of {count(len(tries), 'trial')} over time",
        description=f"The best, {frame.shown(best)} by {strategy}, came after {seconds:.0f} s. "
        f"{unscored} ended without a score. Worse than {frame.shown(frame.up.low)}, in "
        f"the lowest lane: {count(below, 'trial')}.",
        parts=[
            *legend,
            *_scores_axis(frame),
            *_time_axis(frame, width),
            _staircase([(seconds, score) for seconds, score, _ in scored], frame),
            *(_mark(each, strategies.index(each.strategy) % 7, frame) for each in tries),
        ],
    )


def _frame(scores: Sequence[float], longest: float, top: float, measure: Measure, width: float) -> _Frame:
    """Choose scales on which far lower scores do not flatten all others."""
    right, bottom = width - 14, top + (250.0 if width >= 520 else 210.0)
    least = LEAST_RANGE if measure.percent else 0.0
    lowest = max(scores) - max(3 * (max(scores) - median(scores)), least)
    floor, ceiling = measure.bounds
    drawn = [max(score, lowest) for score in scores]
    low, high = canvas.span(drawn, floor=floor, ceiling=ceiling, least=measure.margin)
    lane = any(score < low for score in scores)
    return _Frame(
        across=canvas.Scale(0.0, max(longest, 1.0), LEFT + 4, right - 6),
        up=canvas.Scale(low, high, bottom - (26 if lane else 10), top + 6),
        right=right,
        bottom=bottom,
        measure=measure,
        lane=lane,
    )


def _scores_axis(frame: _Frame) -> list[str]:
    parts, measure = [], frame.measure
    for tick in canvas.ticks(frame.up.low, frame.up.high, about=5):
        y, label = frame.up(tick), measure.tick(measure.merit(tick))
        parts.append(canvas.line(LEFT, y, frame.right, y))
        parts.append(canvas.text(LEFT - 8, y + 4, label, css="soft small", anchor="end"))
    if frame.lane:
        y, label = frame.bottom - 20, "lower" if measure.higher_is_better else "higher"
        parts.append(canvas.line(LEFT, y, frame.right, y, dash="2 3"))
        parts.append(canvas.text(LEFT - 8, frame.bottom - 6, label, css="soft small", anchor="end"))
    return parts


def _time_axis(frame: _Frame, width: float) -> list[str]:
    parts, bottom = [], frame.bottom
    unit, name = _unit(frame.across.high)
    for tick in canvas.ticks(0.0, frame.across.high / unit, about=4 if width < 520 else 8):
        x = frame.across(tick * unit)
        parts.append(canvas.line(x, bottom, x, bottom + 4, css="axis"))
        parts.append(canvas.text(x, bottom + 18, f"{tick:g}", css="soft small", anchor="middle"))
    parts.append(canvas.line(LEFT, bottom, frame.right, bottom, css="axis"))
    label = f"{name} since the start"
    parts.append(canvas.text(frame.right, bottom + 35, label, css="soft small", anchor="end"))
    return parts


def _mark(each: TrialScore, series: int, frame: _Frame) -> str:
    x, y = frame.across(each.seconds), frame.y(each.score)
    title = f"{each.strategy}, {frame.shown(each.score)} after {each.seconds:.0f} s"
    if each.score is None:
        return canvas.group(title, canvas.mark(x, y, "bar", css="flat", size=3.0))
    size = 5.2 if each.default else 4.4
    return canvas.group(title, canvas.mark(x, y, canvas.SHAPES[series], css=f"s{series} halo", size=size))


def _legend(strategies: Sequence[str], width: float) -> tuple[list[str], float]:
    parts, x, y = [], LEFT, 14.0
    for index, strategy in enumerate(strategies):
        label = canvas.fit(strategy, 150)
        needs = canvas.text_width(label) + 34
        if x > LEFT and x + needs > width - 14:
            x, y = LEFT, y + 20
        parts.append(canvas.mark(x + 5, y - 4, canvas.SHAPES[index % 7], css=f"s{index % 7}"))
        parts.append(canvas.text(x + 15, y, label))
        x += needs
    return parts, y + 14


def _staircase(scored: Sequence[tuple[float, float]], frame: _Frame) -> str:
    """The best score so far over time."""
    best = -float("inf")
    corners: list[tuple[float, float]] = []
    for seconds, score in scored:
        if score > best:
            x = frame.across(seconds)
            corners += [(x, frame.up(best))] if corners else []
            corners.append((x, frame.up(score)))
            best = score
    corners.append((frame.right - 6, frame.up(best)))
    path = " ".join(f"{canvas.n(x)},{canvas.n(y)}" for x, y in corners)
    return f'<polyline points="{path}" class="l-ink none" stroke-width="1.5" stroke-linejoin="round"/>'


def _unit(longest: float) -> tuple[float, str]:
    return (1.0, "seconds") if longest < 180 else (60.0, "minutes") if longest < 10800 else (3600.0, "hours")
