"""Draw the validation scores of all trials over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from autotl.report.figures import canvas
from autotl.report.format import count
from autotl.report.metric_format import ACCURACY, Measure


@dataclass(frozen=True, slots=True)
class TrialScore:
    """One trial; ``seconds`` is its end since the start of the search, ``score`` None without a score."""

    strategy: str
    seconds: float
    score: float | None
    default: bool = False


def search(tries: Sequence[TrialScore], *, measure: Measure = ACCURACY, width: float = canvas.WIDE) -> str:
    """Draw a mark for each trial and a line for the best score so far; better is up.

    Args:
        tries: The trials in any order.
        measure: The metric.
        width: In pixels.

    Returns:
        SVG; empty without scores.
    """
    tries = [replace(t, score=None if t.score is None else measure.merit(t.score)) for t in tries]

    def shown(score: float | None) -> str:
        return measure.value(None if score is None else measure.merit(score))

    scored = sorted((t for t in tries if t.score is not None), key=lambda t: t.seconds)
    if not scored:
        return ""
    strategies = list(dict.fromkeys(t.strategy for t in tries))
    legend, top = _legend(strategies, width)
    left, right, bottom = 52.0, width - 14, top + (250.0 if width >= 520 else 210.0)
    scores = [t.score for t in scored if t.score is not None]
    least = 0.06 if measure.percent else 0.0
    lowest = max(scores) - max(3 * (max(scores) - median(scores)), least)
    low, high = canvas.span(
        [max(s, lowest) for s in scores], floor=measure.bounds[0], ceiling=measure.bounds[1]
    )
    below = sum(s < low for s in scores)
    across = canvas.Scale(0.0, max(max(t.seconds for t in tries), 1.0), left + 4, right - 6)
    up = canvas.Scale(low, high, bottom - (26 if below else 10), top + 6)
    parts = [*legend]
    for tick in canvas.ticks(low, high, about=5):
        parts.append(canvas.line(left, up(tick), right, up(tick)))
        parts.append(
            canvas.text(
                left - 8, up(tick) + 4, measure.tick(measure.merit(tick)), css="soft small", anchor="end"
            )
        )
    if below:  # a far lower baseline would flatten all other scores
        parts.append(canvas.line(left, bottom - 20, right, bottom - 20, dash="2 3"))
        parts.append(
            canvas.text(
                left - 8,
                bottom - 6,
                "lower" if measure.higher_is_better else "higher",
                css="soft small",
                anchor="end",
            )
        )
    unit, word = _unit(across.high)
    for tick in canvas.ticks(0.0, across.high / unit, about=4 if width < 520 else 8):
        x = across(tick * unit)
        parts.append(canvas.line(x, bottom, x, bottom + 4, css="axis"))
        parts.append(canvas.text(x, bottom + 18, f"{tick:g}", css="soft small", anchor="middle"))
    parts.append(canvas.line(left, bottom, right, bottom, css="axis"))
    parts.append(canvas.text(right, bottom + 35, f"{word} since the start", css="soft small", anchor="end"))
    parts.append(_staircase(scored, across, up, right - 6))
    for each in tries:
        place = strategies.index(each.strategy) % 7
        y = bottom - 1.5 if each.score is None else up(each.score) if each.score >= low else bottom - 10
        title = f"{each.strategy}, {shown(each.score)} after {each.seconds:.0f} s"
        css, size = (
            (f"s{place} halo", 5.2 if each.default else 4.4) if each.score is not None else ("flat", 3.0)
        )
        shape = canvas.SHAPES[place] if each.score is not None else "bar"
        parts.append(canvas.group(title, canvas.mark(across(each.seconds), y, shape, css=css, size=size)))
    best = max(scored, key=lambda t: -float("inf") if t.score is None else t.score)
    return canvas.svg(
        "search",
        width=width,
        height=bottom + 43,
        title=f"Validation {measure.name} of {count(len(tries), 'trial')} over time",
        description=f"The best, {shown(best.score)} by {best.strategy}, came after {best.seconds:.0f} s. "
        f"{count(len(tries) - len(scored), 'trial')} ended without a score. Worse than {shown(low)}, in "
        f"the lowest lane: {count(below, 'trial')}.",
        parts=parts,
    )


def _legend(strategies: Sequence[str], width: float) -> tuple[list[str], float]:
    parts, x, y = [], 52.0, 14.0
    for place, strategy in enumerate(strategies):
        label = canvas.fit(strategy, 150)
        needs = canvas.text_width(label) + 34
        if x > 52 and x + needs > width - 14:
            x, y = 52.0, y + 20
        parts.append(canvas.mark(x + 5, y - 4, canvas.SHAPES[place % 7], css=f"s{place % 7}"))
        parts.append(canvas.text(x + 15, y, label))
        x += needs
    return parts, y + 14


def _staircase(scored: Sequence[TrialScore], across: canvas.Scale, up: canvas.Scale, end: float) -> str:
    best = -float("inf")
    corners: list[tuple[float, float]] = []
    for each in scored:
        if each.score is not None and each.score > best:
            if corners:
                corners.append((across(each.seconds), up(best)))
            best = each.score
            corners.append((across(each.seconds), up(best)))
    corners.append((end, up(best)))
    path = " ".join(f"{canvas.n(x)},{canvas.n(y)}" for x, y in corners)
    return f'<polyline points="{path}" class="l-ink none" stroke-width="1.5" stroke-linejoin="round"/>'


def _unit(longest: float) -> tuple[float, str]:
    return (1.0, "seconds") if longest < 180 else (60.0, "minutes") if longest < 10800 else (3600.0, "hours")
