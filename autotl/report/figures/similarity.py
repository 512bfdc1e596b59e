"""Draw the similarity of the data to each source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autotl.report.figures import canvas

STEPS = (0, 0.25, 0.5, 0.75, 1)
TOP = 30.0
"""Upper edge of the rows in pixels."""


@dataclass(frozen=True, slots=True)
class SimilarityRow:
    """Similarity to one source by one measure, from 0 to 1."""

    backbone: str
    measure: str
    calibrated: float
    ci95: tuple[float, float] | None = None


def similarity(rows: Sequence[SimilarityRow], *, width: float = canvas.WIDE) -> str:
    """Draw a line for each backbone and measure; empty without rows."""
    if not rows:
        return ""
    stacked = width < 520
    left, right, row = (12.0, 16.0, 46.0) if stacked else (250.0, 64.0, 40.0)
    every = [end for each in rows for end in (each.calibrated, *(each.ci95 or ()))]
    scale = canvas.Scale(min(0.0, *every), max(1.0, *every), left + 6, width - right)
    middles = [TOP + row * (index + 0.5) for index in range(len(rows))]
    drawn = [
        canvas.group(
            _title(each),
            *(
                [*_bar(each, scale, y + 9), *_label_above(each, y + 9, left, width - right)]
                if stacked
                else [*_bar(each, scale, y), *_label_beside(each, y, left, width)]
            ),
        )
        for each, y in zip(rows, middles, strict=True)
    ]
    bottom = TOP + row * len(rows)
    return canvas.svg(
        "similarity",
        width=width,
        height=bottom + 26,
        title="Similarity of this data to the source data, from 0 (noise) to 1 (the source data)",
        description="; ".join(map(_title, rows)) + ".",
        parts=[*_axis(scale, bottom, rows=len(rows) if stacked else 0), *drawn],
    )


def _axis(scale: canvas.Scale, bottom: float, *, rows: int) -> list[str]:
    low, high = ("start", "end") if rows else ("middle", "middle")
    return [
        canvas.text(scale(0), 18, "noise", css="soft small", anchor=low),
        canvas.text(scale(1), 18, "the source data", css="soft small", anchor=high),
        *canvas.rulers([scale(x) for x in STEPS], TOP, bottom, rows=rows),
        *(canvas.text(scale(x), bottom + 17, f"{x:g}", css="soft small", anchor="middle") for x in STEPS),
    ]


def _bar(each: SimilarityRow, scale: canvas.Scale, y: float) -> list[str]:
    x = scale(each.calibrated)
    parts = [canvas.line(scale(0), y, x, y, css="l-good", width=1, dash="1 4")]
    if each.ci95:
        low, high = map(scale, each.ci95)
        parts.append(canvas.line(low, y, high, y, css="l-good", width=3))
    return [*parts, canvas.mark(x, y, "circle", css="good halo", size=6)]


def _label_above(each: SimilarityRow, y: float, left: float, right: float) -> list[str]:
    label = canvas.fit(f"{each.backbone} · {each.measure}", right - left - 40)
    return [
        canvas.text(left, y - 13, label),
        canvas.text(right, y - 13, f"{each.calibrated:.2f}", anchor="end"),
    ]


def _label_beside(each: SimilarityRow, y: float, left: float, width: float) -> list[str]:
    return [
        canvas.text(12, y - 2, canvas.fit(each.backbone, left - 26)),
        canvas.text(12, y + 13, canvas.fit(each.measure, left - 26, size=11), css="soft small"),
        canvas.text(width - 12, y + 4, f"{each.calibrated:.2f}", anchor="end"),
    ]


def _title(each: SimilarityRow) -> str:
    pair = each.ci95
    interval = f", 95% interval {pair[0]:.2f} to {pair[1]:.2f}" if pair else ""
    return f"{each.backbone} by {each.measure}: {each.calibrated:.2f}{interval}"
