"""Draw the similarity of the data to each source, between noise and the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autotl.report.figures import canvas

STEPS = (0, 0.25, 0.5, 0.75, 1)


@dataclass(frozen=True, slots=True)
class SimilarityRow:
    """One similarity on a scale from 0 (noise) to 1 (the source data)."""

    backbone: str
    measure: str
    calibrated: float
    ci95: tuple[float, float] | None = None


def similarity(rows: Sequence[SimilarityRow], *, width: float = canvas.WIDE) -> str:
    """Draw a line for each backbone and measure; empty without measurements."""
    if not rows:
        return ""
    stacked = width < 520
    left, right, top, row = (12.0, 16.0, 30.0, 46.0) if stacked else (250.0, 64.0, 30.0, 40.0)
    bottom = top + row * len(rows)
    every = [end for each in rows for end in (each.calibrated, *(each.ci95 or ()))]
    scale = canvas.Scale(min(0.0, *every), max(1.0, *every), left + 6, width - right)
    parts = [
        canvas.text(scale(0), 18, "noise", css="soft small", anchor="middle" if not stacked else "start"),
        canvas.text(
            scale(1),
            18,
            "the source data",
            css="soft small",
            anchor="middle" if not stacked else "end",
        ),
        *canvas.rulers([scale(x) for x in STEPS], top, bottom, rows=len(rows) if stacked else 0),
        *(canvas.text(scale(x), bottom + 17, f"{x:g}", css="soft small", anchor="middle") for x in STEPS),
    ]
    for index, each in enumerate(rows):
        y = top + row * (index + 0.5) + (9 if stacked else 0)
        drawn = [canvas.line(scale(0), y, scale(each.calibrated), y, css="l-good", width=1, dash="1 4")]
        if pair := each.ci95:
            drawn.append(canvas.line(scale(pair[0]), y, scale(pair[1]), y, css="l-good", width=3))
        drawn.append(canvas.mark(scale(each.calibrated), y, "circle", css="good halo", size=6))
        if stacked:
            label = canvas.fit(f"{each.backbone} · {each.measure}", width - left - right - 40)
            drawn.append(canvas.text(left, y - 13, label))
            drawn.append(canvas.text(width - right, y - 13, f"{each.calibrated:.2f}", anchor="end"))
        else:
            drawn.append(canvas.text(12, y - 2, canvas.fit(each.backbone, left - 26)))
            drawn.append(
                canvas.text(12, y + 13, canvas.fit(each.measure, left - 26, size=11), css="soft small")
            )
            drawn.append(canvas.text(width - 12, y + 4, f"{each.calibrated:.2f}", anchor="end"))
        parts.append(canvas.group(_title(each), *drawn))
    return canvas.svg(
        "similarity",
        width=width,
        height=bottom + 26,
        title="Similarity of this data to the source data, from 0 (noise) to 1 (the source data)",
        description="; ".join(map(_title, rows)) + ".",
        parts=parts,
    )


def _title(each: SimilarityRow) -> str:
    pair = each.ci95
    interval = f", 95% interval {pair[0]:.2f} to {pair[1]:.2f}" if pair else ""
    return f"{each.backbone} by {each.measure}: {each.calibrated:.2f}{interval}"
