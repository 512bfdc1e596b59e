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


@dataclass(frozen=True, slots=True)
class _Layout:
    """Margins in pixels; on a narrow figure, labels are stacked above their rows."""

    width: float

    @property
    def stacked(self) -> bool:
        return self.width < 520

    @property
    def left(self) -> float:
        return 12.0 if self.stacked else 250.0

    @property
    def right(self) -> float:
        return 16.0 if self.stacked else 64.0

    @property
    def top(self) -> float:
        return 8.0 if self.stacked else 10.0

    @property
    def row(self) -> float:
        return 46.0 if self.stacked else 40.0

    def middle(self, index: int) -> float:
        """The height of a row's dot."""
        return self.top + self.row * (index + 0.5) + (9 if self.stacked else 0)


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
    layout = _Layout(width)
    bottom = layout.top + layout.row * len(scores)
    floor, ceiling = measure.bounds
    low, high = canvas.span(
        [end for each in scores for end in (each.score, *(each.ci95 or ()))],
        floor=floor,
        ceiling=ceiling,
        least=measure.margin,
    )
    scale = canvas.Scale(low, high, layout.left + 6, width - layout.right)
    rows = [_row(each, scale, layout.middle(i), measure, layout) for i, each in enumerate(scores)]
    label = f"test {measure.name}{measure.remark}"
    parts = [
        *_axis(scale, measure, layout, rows=len(scores)),
        *rows,
        canvas.text(width - layout.right, bottom + 34, label, css="soft small", anchor="end"),
    ]
    return canvas.svg(
        "arms",
        width=width,
        height=bottom + 42,
        title=f"Test {measure.name} of {len(scores)} arms, with 95% intervals",
        description=f"From best to worst: {'; '.join(_title(each, measure, ' ') for each in scores)}.",
        parts=parts,
    )


def _axis(scale: canvas.Scale, measure: Measure, layout: _Layout, *, rows: int) -> list[str]:
    bottom = layout.top + layout.row * rows
    ticks = canvas.ticks(scale.low, scale.high, about=4 if layout.stacked else 6)
    labels = [
        canvas.text(scale(tick), bottom + 17, measure.tick(tick), css="soft small", anchor="middle")
        for tick in ticks
    ]
    lines = canvas.rulers(
        [scale(tick) for tick in ticks], layout.top, bottom, rows=rows if layout.stacked else 0
    )
    return [*lines, *labels]


def _row(each: ArmScore, scale: canvas.Scale, y: float, measure: Measure, layout: _Layout) -> str:
    css = {"winner": "good", "baseline": "bad"}.get(each.role, "flat")
    parts = []
    if each.role == "winner":
        above, height = (28, 42) if layout.stacked else (18, 36)
        parts.append(canvas.rect(0, y - above, layout.width, height, css="good", opacity=0.09, round_=6))
    if pair := each.ci95:
        parts.append(canvas.line(scale(pair[0]), y, scale(pair[1]), y, css=f"l-{css}", width=3))
    shape = "diamond" if each.role == "baseline" else "circle"
    parts.append(canvas.mark(scale(each.score), y, shape, css=f"{css} halo", size=6))
    label = _label_above if layout.stacked else _label_beside
    return canvas.group(_title(each, measure, ": "), *parts, *label(each, y, measure, layout, css=css))


def _label_above(each: ArmScore, y: float, measure: Measure, layout: _Layout, *, css: str) -> list[str]:
    left, right = layout.left, layout.width - layout.right
    strong = "strong" if each.role == "winner" else ""
    label = canvas.fit(f"{each.strategy} · {each.backbone}", right - left - 52)
    return [
        canvas.text(left, y - 13, label, css=strong),
        canvas.text(right, y - 13, measure.value(each.score), css=strong, anchor="end"),
    ]


def _label_beside(each: ArmScore, y: float, measure: Measure, layout: _Layout, *, css: str) -> list[str]:
    left, strong = layout.left, "strong" if each.role == "winner" else ""
    space = left - 24 - (canvas.text_width(each.role, size=11) + 12 if each.role else 0)
    return [
        canvas.text(12, y - 2, canvas.fit(each.strategy, space), css=strong),
        canvas.text(left - 14, y - 2, each.role, css=f"small {css}", anchor="end") if each.role else "",
        canvas.text(12, y + 13, canvas.fit(each.backbone, left - 26, size=11), css="soft small"),
        canvas.text(layout.width - 12, y + 4, measure.value(each.score), css=strong, anchor="end"),
    ]


def _title(each: ArmScore, measure: Measure, joint: str) -> str:
    scored = f"{measure.value(each.score)} {measure.between(each.ci95)}".strip()
    return f"{each.strategy} on {each.backbone}{joint}{scored}"
