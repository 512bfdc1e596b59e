"""Draw mean ranks, and which of them are too near each other to be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autotl.report.figures import canvas
from autotl.report.format import count, listing

_ROW = 24.0


@dataclass(frozen=True, slots=True)
class _Side:
    """Where names stand: the end of their lines, the way they run from there (−1: left), and their room."""

    elbow: float
    away: int
    room: float


def critical(
    ranks: Sequence[tuple[str, float]],
    groups: Sequence[Sequence[str]],
    critical_difference: float,
    *,
    width: float = canvas.WIDE,
) -> str:
    """A critical-difference diagram (Demšar, JMLR 7, 2006): the best on the left, a bar over each group.

    ``ranks`` come best first; the entrants of a group cannot be told apart. Empty for fewer than two.
    """
    if len(ranks) < 2:
        return ""
    one_sided = width < 520
    left, right = (width * 0.53, width - 26.0) if one_sided else (width * 0.29, width * 0.71)
    scale = canvas.Scale(1, len(ranks), left, right)
    place = dict(ranks)
    axis = 52.0
    first = axis + 16 + 11.0 * len(groups) + 12  # the first row of names, below the groups' bars
    parts = [_ruler(scale, critical_difference, axis), canvas.line(left, axis, right, axis, css="axis")]
    for step in range(1, len(ranks) + 1):
        if step in (1, len(ranks)) or len(ranks) <= 12 or step % 5 == 0:
            parts.append(canvas.line(scale(step), axis - 4, scale(step), axis, css="axis"))
            parts.append(canvas.text(scale(step), axis - 9, str(step), css="soft small", anchor="middle"))
    for level, group in enumerate(groups):
        y = axis + 14 + 11.0 * level
        ends = [place[name] for name in group]
        bar = canvas.line(scale(min(ends)) - 3, y, scale(max(ends)) + 3, y, css="l-good", width=5)
        parts.append(canvas.group(f"not told apart: {', '.join(group)}", bar))
    half = len(ranks) if one_sided else (len(ranks) + 1) // 2
    at_left = _Side(left - 8, -1, left - 18)
    at_right = _Side(right + 8, 1, width - right - 18)
    for side, entries in ((at_left, ranks[:half]), (at_right, ranks[half:][::-1])):
        for row, (name, rank) in enumerate(entries):
            stem = (scale(rank), axis, first + _ROW * row)
            parts.append(_entrant(name, rank, stem, side, best=rank == ranks[0][1]))
    said = "; ".join(f"{name} {rank:.2f}" for name, rank in ranks)
    alike = "; ".join(listing(group, limit=20) for group in groups)
    return canvas.svg(
        "critical",
        width=width,
        height=first + _ROW * (half - 1) + 14,
        title=f"Mean ranks of {count(len(ranks), 'entrant')}, with what cannot be told apart",
        description=f"From best to worst: {said}. Critical difference {critical_difference:.2f}. "
        + (f"Not told apart: {alike}." if alike else "All are told apart."),
        parts=parts,
    )


def _ruler(scale: canvas.Scale, difference: float, axis: float) -> str:
    """The critical difference as a length, above the axis; cut where it is longer than the axis."""
    end = scale(1 + difference)
    y = axis - 32
    ends = [canvas.line(x, y - 4, x, y + 4, css="l-ink", width=1.5) for x in (scale(1), end)]
    label = f"critical difference {difference:.2f}"
    if 1 + difference > scale.high:
        label += ", longer than the axis"
    return canvas.group(
        label,
        canvas.line(scale(1), y, end, y, css="l-ink", width=1.5),
        *ends,
        canvas.text(scale(1), y - 8, label, css="small"),
    )


def _entrant(name: str, rank: float, stem: tuple[float, float, float], side: _Side, *, best: bool) -> str:
    x, axis, y = stem
    number = f"{rank:.2f}"
    taken = canvas.text_width(number, size=11) + 8
    anchor = "end" if side.away < 0 else "start"
    return canvas.group(
        f"{name}: mean rank {number}",
        canvas.line(x, axis, x, y, css="axis"),
        canvas.line(x, y, side.elbow, y, css="axis"),
        canvas.mark(x, axis, "circle", css="good halo" if best else "flat halo", size=4.5),
        canvas.text(side.elbow + side.away * 4, y + 4, number, css="soft small", anchor=anchor),
        canvas.text(
            side.elbow + side.away * (4 + taken),
            y + 4,
            canvas.fit(name, side.room - taken),
            css="strong" if best else "",
            anchor=anchor,
        ),
    )
