"""Draw the test score of each arm with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from autotl.report.figures import canvas
from autotl.report.metric_format import ACCURACY, Measure


@dataclass(frozen=True, slots=True)
class ArmScore:
    """Test score of one arm, in numbers of the metric.

    Attributes:
        strategy: Name of the strategy.
        backbone: Name of the backbone.
        score: Test score.
        ci95: Its 95% interval.
        role: Role in the comparison.
    """

    strategy: str
    backbone: str
    score: float
    ci95: tuple[float, float] | None = None
    role: Literal["winner", "baseline", ""] = ""


def arms(scores: Sequence[ArmScore], *, measure: Measure = ACCURACY, width: float = canvas.WIDE) -> str:
    """Draw a dot at each score and a bar over its interval.

    Args:
        scores: The arms from top to bottom.
        measure: The metric.
        width: In pixels.

    Returns:
        SVG; empty without arms.
    """
    if not scores:
        return ""
    stacked = width < 520
    left, right, top, row = (12.0, 16.0, 8.0, 46.0) if stacked else (250.0, 64.0, 10.0, 40.0)
    bottom = top + row * len(scores)
    floor, ceiling = measure.bounds
    low, high = canvas.span(
        [end for each in scores for end in (each.score, *(each.ci95 or ()))],
        floor=floor,
        ceiling=ceiling,
    )
    scale = canvas.Scale(low, high, left + 6, width - right)
    steps = canvas.ticks(low, high, about=4 if stacked else 6)
    parts = canvas.rulers([scale(tick) for tick in steps], top, bottom, rows=len(scores) if stacked else 0)
    for tick in steps:
        label = measure.tick(tick)
        parts.append(canvas.text(scale(tick), bottom + 17, label, css="soft small", anchor="middle"))
    for index, each in enumerate(scores):
        y = top + row * (index + 0.5)
        parts.append(
            _row(each, scale, y + (9 if stacked else 0), width, left, right, measure, stacked=stacked)
        )
    parts.append(
        canvas.text(
            width - right, bottom + 34, f"test {measure.name}{measure.remark}", css="soft small", anchor="end"
        )
    )
    scored = "; ".join(
        f"{each.strategy} on {each.backbone} {measure.value(each.score)} {measure.between(each.ci95)}".strip()
        for each in scores
    )
    return canvas.svg(
        "arms",
        width=width,
        height=bottom + 42,
        title=f"Test {measure.name} of {len(scores)} arms, with 95% intervals",
        description=f"From best to worst: {scored}.",
        parts=parts,
    )


def _row(
    each: ArmScore,
    scale: canvas.Scale,
    y: float,
    width: float,
    left: float,
    right: float,
    measure: Measure,
    *,
    stacked: bool,
) -> str:
    css = {"winner": "good", "baseline": "bad"}.get(each.role, "flat")
    parts = []
    if each.role == "winner":
        height = 42 if stacked else 36
        parts.append(
            canvas.rect(0, y - (28 if stacked else 18), width, height, css="good", opacity=0.09, round_=6)
        )
    if pair := each.ci95:
        parts.append(canvas.line(scale(pair[0]), y, scale(pair[1]), y, css=f"l-{css}", width=3))
    shape = {"winner": "circle", "baseline": "diamond"}.get(each.role, "circle")
    parts.append(canvas.mark(scale(each.score), y, shape, css=f"{css} halo", size=6))
    note = {"winner": "winner", "baseline": "baseline"}.get(each.role, "")
    strong = "strong" if each.role == "winner" else ""
    if stacked:
        label = canvas.fit(f"{each.strategy} · {each.backbone}", width - left - right - 52)
        parts.append(canvas.text(left, y - 13, label, css=strong))
        parts.append(canvas.text(width - right, y - 13, measure.value(each.score), css=strong, anchor="end"))
    else:
        name_width = left - 24 - (canvas.text_width(note, size=11) + 12 if note else 0)
        parts.append(canvas.text(12, y - 2, canvas.fit(each.strategy, name_width), css=f"{strong} ".strip()))
        parts.append(canvas.text(left - 14, y - 2, note, css=f"small {css}", anchor="end") if note else "")
        parts.append(canvas.text(12, y + 13, canvas.fit(each.backbone, left - 26, size=11), css="soft small"))
        parts.append(canvas.text(width - 12, y + 4, measure.value(each.score), css=strong, anchor="end"))
    scored = f"{measure.value(each.score)} {measure.between(each.ci95)}".strip()
    return canvas.group(f"{each.strategy} on {each.backbone}: {scored}", *parts)
