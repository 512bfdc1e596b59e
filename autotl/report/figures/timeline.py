"""Draw the use of a run's seconds as a strip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from autotl.report.figures import canvas

COLOURS: Mapping[str, str] = {
    "train": "s2",
    "validate": "s5",
    "heads": "s4",
    "forward": "s0",
    "decode": "s3",
    "read": "s1",
}
"""The colours of activities by name; all others are grey."""
REST = "other work"
TOP, STRIP, LABELS, LEGEND_ROW = 6.0, 34.0, 20.0, 20.0


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of an activity in a phase, both in words."""

    phase: str
    activity: str
    seconds: float


def timeline(parts: Sequence[Spent], *, width: float = canvas.WIDE) -> str:
    """Draw a strip of the phases, divided into their activities.

    Args:
        parts: The seconds, with the parts of a phase side by side.
        width: In pixels.

    Returns:
        SVG; empty without seconds.
    """
    total = sum(part.seconds for part in parts)
    if not total > 0:
        return ""
    scale = canvas.Scale(0.0, total, 0.0, width)
    strip, start = [], 0.0
    for phase, group in groupby(parts, key=lambda part: part.phase):
        members, first = [*group], start
        for part in members:
            strip.append(_segment(part, scale(start), scale(start + part.seconds)))
            start += part.seconds
        strip += _phase(phase, start - first, scale(first), scale(start))
    legend, rows = _legend(parts, width)
    return canvas.svg(
        "timeline",
        width=width,
        height=TOP + STRIP + LABELS + LEGEND_ROW * rows + 6,
        title=f"Use of {total:.3g} seconds",
        description=f"In order: {'; '.join(map(_title, parts))}.",
        parts=[*strip, *legend],
    )


def _segment(part: Spent, left: float, right: float) -> str:
    css = COLOURS.get(part.activity, "flat")
    return canvas.group(_title(part), canvas.rect(left, TOP, right - left, STRIP, css=css))


def _phase(name: str, seconds: float, left: float, right: float) -> list[str]:
    """Return the border before a phase, and its name where there is room."""
    bottom, found = TOP + STRIP, []
    if left > 0:
        found.append(canvas.line(left, TOP - 4, left, bottom + 14, css="axis"))
    for label in (f"{name} {seconds:.0f} s", name):
        if canvas.text_width(label, size=11) + 8 <= right - left:
            return [*found, canvas.text(left + 4, bottom + 14, label, css="soft small")]
    return found


def _legend(parts: Sequence[Spent], width: float) -> tuple[list[str], int]:
    """Return the colours with their seconds, and the number of rows."""
    sums: dict[str, float] = {}
    for part in parts:
        name = part.activity if part.activity in COLOURS else REST
        sums[name] = sums.get(name, 0.0) + part.seconds
    found, x, row = [], 0.0, 0
    for name, seconds in sorted(sums.items(), key=lambda item: (item[0] == REST, -item[1])):
        label = f"{name} {seconds:.1f} s"
        wide = 18 + canvas.text_width(label, size=11) + 16
        if x and x + wide > width:
            x, row = 0.0, row + 1
        y = TOP + STRIP + LABELS + LEGEND_ROW * (row + 0.7)
        found.append(canvas.rect(x, y - 9, 11, 11, css=COLOURS.get(name, "flat"), round_=2))
        found.append(canvas.text(x + 16, y, label, css="small"))
        x += wide
    return found, row + 1


def _title(part: Spent) -> str:
    return f"{part.phase}, {part.activity}: {part.seconds:.1f} s"
