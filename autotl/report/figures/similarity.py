"""Draw where the data lies between noise and the source images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autotl.report.figures import canvas
from autotl.report.format import ends

STEPS = (0, 0.25, 0.5, 0.75, 1)


@dataclass(frozen=True, slots=True)
class Place:
    """One calibrated similarity: 0 is noise, 1 the source images themselves."""

    backbone: str
    measure: str
    calibrated: float
    ci95: tuple[float, float] | None = None


def similarity(places: Sequence[Place], *, width: float = canvas.WIDE) -> str:
    """One line per backbone and measure from noise to source. Empty where nothing was measured."""
    if not places:
        return ""
    stacked = width < 520
    left, right, top, row = (12.0, 16.0, 30.0, 46.0) if stacked else (250.0, 64.0, 30.0, 40.0)
    bottom = top + row * len(places)
    every = [end for each in places for end in (each.calibrated, *(ends(each.ci95) or ()))]
    scale = canvas.Scale(min(0.0, *every), max(1.0, *every), left + 6, width - right)
    parts = [
        canvas.text(scale(0), 18, "noise", css="soft small", anchor="middle" if not stacked else "start"),
        canvas.text(
            scale(1),
            18,
            "the source's own images",
            css="soft small",
            anchor="middle" if not stacked else "end",
        ),
        *canvas.rulers([scale(x) for x in STEPS], top, bottom, rows=len(places) if stacked else 0),
        *(canvas.text(scale(x), bottom + 17, f"{x:g}", css="soft small", anchor="middle") for x in STEPS),
    ]
    for index, each in enumerate(places):
        y = top + row * (index + 0.5) + (9 if stacked else 0)
        drawn = [canvas.line(scale(0), y, scale(each.calibrated), y, css="l-good", width=1, dash="1 4")]
        if pair := ends(each.ci95):
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
        parts.append(canvas.group(_said(each), *drawn))
    return canvas.svg(
        "similarity",
        width=width,
        height=bottom + 26,
        title="How like the source images this data looks, from 0 (noise) to 1 (the source itself)",
        description="; ".join(map(_said, places)) + ".",
        parts=parts,
    )


def _said(each: Place) -> str:
    pair = ends(each.ci95)
    interval = f", 95% interval {pair[0]:.2f} to {pair[1]:.2f}" if pair else ""
    return f"{each.backbone} by {each.measure}: {each.calibrated:.2f}{interval}"
