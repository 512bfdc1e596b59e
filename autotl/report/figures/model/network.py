"""Draw the network as stages: their weights and how far these moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from autotl.report.figures import canvas
from autotl.report.format import percent

State = Literal["frozen", "tuned", "new"]
STATES: Mapping[State, tuple[str, str]] = {
    "frozen": ("flat", "transferred and frozen"),
    "tuned": ("good", "transferred and tuned"),
    "new": ("bad", "replaced"),
}
"""Colour and words of each state."""
ROW, TOP, NUMBER = 26.0, 46.0, 46.0
"""Height of a row, upper edge, and space for a number beside a bar, in pixels."""


@dataclass(frozen=True, slots=True)
class StageBar:
    """Part of the network.

    Attributes:
        name: Its name.
        state: A key of STATES.
        share: Its share of all weights, in [0, 1]; None if unknown.
        moved: L2 norm of the change of its weights over that of the source's; None if it has no source.
    """

    name: str
    state: State
    share: float | None = None
    moved: float | None = None


def network(stages: Sequence[StageBar], *, width: float = canvas.WIDE) -> str:
    """Draw a row for each stage.

    It has a bar of the stage's weights, and a bar of their distance to the source.

    Args:
        stages: The parts from image to prediction.
        width: In pixels.

    Returns:
        SVG; empty without stages.
    """
    if not stages:
        return ""
    roomy = width >= 520
    label = min(max(canvas.text_width(each.name) for each in stages) + 30, width * (0.3 if roomy else 0.34))
    panel = (width - label - 16) / 2
    shares, moves = ([getattr(each, key) or 0.0 for each in stages] for key in ("share", "moved"))
    scales = (
        canvas.Scale(0.0, max(*shares, 1e-9), label, label + panel - NUMBER),
        canvas.Scale(0.0, max(*moves, 1e-9), label + panel + 16, width - NUMBER),
    )
    heads = ("share of the weights", "distance moved") if roomy else ("weights", "moved")
    parts = [
        *_legend(stages, width),
        *(
            canvas.text(scale.start, 38, head, css="soft small")
            for scale, head in zip(scales, heads, strict=True)
        ),
    ]
    for index, each in enumerate(stages):
        parts.append(_row(each, TOP + ROW * (index + 0.5), scales, label))
    return canvas.svg(
        "network",
        width=width,
        height=TOP + ROW * len(stages) + 6,
        title=f"The {len(stages)} parts of the network from image to prediction",
        description="; ".join(map(_title, stages)) + ".",
        parts=parts,
    )


def _legend(stages: Sequence[StageBar], width: float) -> list[str]:
    parts, x = [], 0.0
    for state, (css, words) in STATES.items():
        if any(each.state == state for each in stages):
            short = words if width >= 520 else words.rpartition(" ")[2]
            parts.append(canvas.rect(x, 5, 12, 12, css=css, opacity=0.75, round_=2))
            parts.append(canvas.text(x + 18, 15, short, css="small"))
            x += 18 + canvas.text_width(short, size=11) + 18
    return parts


def _row(each: StageBar, y: float, scales: tuple[canvas.Scale, canvas.Scale], label: float) -> str:
    css = STATES[each.state][0]
    parts = [
        canvas.line(0, y + ROW / 2, scales[1].end + NUMBER, y + ROW / 2),
        canvas.rect(0, y - 8, 5, 16, css=css, opacity=0.75, round_=2),
        canvas.text(12, y + 4, canvas.fit(each.name, label - 24)),
    ]
    for scale, amount in zip(scales, (each.share, each.moved), strict=True):
        if amount is not None:
            long = max(scale(amount) - scale.start, 1.5 if amount else 0.0)
            parts.append(canvas.rect(scale.start, y - 7, long, 14, css=css, opacity=0.75, round_=2))
            parts.append(canvas.text(scale.start + long + 5, y + 4, _short(amount), css="small"))
    if each.moved is None:
        parts.append(canvas.text(scales[1].start, y + 4, "starts at random", css="soft small"))
    return canvas.group(_title(each), *parts)


def _short(amount: float) -> str:
    """Format a share or a relative distance: "12%", "4.2%", "0"."""
    if not amount:
        return "0"
    return "< 0.1%" if amount < 0.001 else f"{100 * amount:.1f}%" if amount < 0.1 else f"{100 * amount:.0f}%"


def _title(each: StageBar) -> str:
    share = "" if each.share is None else f", {percent(each.share)} of the weights"
    moved = "" if each.moved is None else f", moved by {_short(each.moved)} of the source's norm"
    return f"{each.name}: {STATES[each.state][1]}{share}{moved}"
