"""Draw mean ranks, and bars over entrants without significant differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autotl.report.figures import canvas
from autotl.report.format import count, listing

_ROW = 24.0
_BAR = 11.0
_AXIS = 52.0


@dataclass(frozen=True, slots=True)
class _Side:
    """The side on which names are written.

    Attributes:
        elbow: End of the lines to the names, in pixels.
        direction: Direction of the text from there: −1 for left, 1 for right.
        width: Space for a name, in pixels.
    """

    elbow: float
    direction: int
    width: float


def critical_figure(
    ranks: Sequence[tuple[str, float]],
    groups: Sequence[Sequence[str]],
    critical_difference: float,
    *,
    width: float = canvas.WIDE,
) -> str:
    """Draw a critical-difference diagram (Demšar, JMLR 7, 2006).

    The best entrant is on the left.

    Args:
        ranks: Entrants with their mean ranks, best first.
        groups: Groups of entrants without significant differences.
        critical_difference: The smallest significant difference of mean ranks.
        width: Width in pixels.

    Returns:
        SVG text; empty for fewer than two entrants.
    """
    if len(ranks) < 2:
        return ""
    one_sided = width < 520
    left, right = (width * 0.53, width - 26.0) if one_sided else (width * 0.29, width * 0.71)
    scale = canvas.Scale(1, len(ranks), left, right)
    first = _AXIS + 16 + _BAR * len(groups) + 12  # the first row of names, below the bars
    half = len(ranks) if one_sided else (len(ranks) + 1) // 2
    parts = [_ruler(scale, critical_difference), *_axis(scale, len(ranks)), *_bars(scale, ranks, groups)]
    at_left = _Side(left - 8, -1, left - 18)
    at_right = _Side(right + 8, 1, width - right - 18)
    for side, entries in ((at_left, ranks[:half]), (at_right, ranks[half:][::-1])):
        for row, (name, rank) in enumerate(entries):
            best = rank == ranks[0][1]
            parts.append(_entrant(name, rank, (scale(rank), first + _ROW * row), side, best=best))
    ranked = "; ".join(f"{name} {rank:.2f}" for name, rank in ranks)
    similar = "; ".join(listing(group, limit=20) for group in groups)
    return canvas.svg(
        "critical",
        width=width,
        height=first + _ROW * (half - 1) + 14,
        title=f"Mean ranks of {count(len(ranks), 'entrant')}, with groups that do not differ significantly",
        description=f"From best to worst: {ranked}. Critical difference {critical_difference:.2f}. "
        + (f"No significant difference: {similar}." if similar else "All differ significantly."),
        parts=parts,
    )


def _ruler(scale: canvas.Scale, difference: float) -> str:
    """Draw the critical difference as a length above the axis, clipped to the axis."""
    end = scale(1 + difference)
    y = _AXIS - 32
    caps = [canvas.line(x, y - 4, x, y + 4, css="l-ink", width=1.5) for x in (scale(1), end)]
    label = f"critical difference {difference:.2f}"
    if 1 + difference > scale.high:
        label += ", longer than the axis"
    return canvas.group(
        label,
        canvas.line(scale(1), y, end, y, css="l-ink", width=1.5),
        *caps,
        canvas.text(scale(1), y - 8, label, css="small"),
    )


def _axis(scale: canvas.Scale, entrants: int) -> list[str]:
    parts = [canvas.line(scale(1), _AXIS, scale(entrants), _AXIS, css="axis")]
    for step in range(1, entrants + 1):
        if step in (1, entrants) or entrants <= 12 or step % 5 == 0:
            parts.append(canvas.line(scale(step), _AXIS - 4, scale(step), _AXIS, css="axis"))
            parts.append(canvas.text(scale(step), _AXIS - 9, str(step), css="soft small", anchor="middle"))
    return parts


def _bars(
    scale: canvas.Scale, ranks: Sequence[tuple[str, float]], groups: Sequence[Sequence[str]]
) -> list[str]:
    rank_of = dict(ranks)
    parts = []
    for level, group in enumerate(groups):
        y = _AXIS + 14 + _BAR * level
        own = [rank_of[name] for name in group]
        bar = canvas.line(scale(min(own)) - 3, y, scale(max(own)) + 3, y, css="l-good", width=5)
        parts.append(canvas.group(f"no significant difference: {', '.join(group)}", bar))
    return parts


def _entrant(name: str, rank: float, stem: tuple[float, float], side: _Side, *, best: bool) -> str:
    x, y = stem
    number = f"{rank:.2f}"
    number_width = canvas.text_width(number, size=11) + 8
    anchor = "end" if side.direction < 0 else "start"
    return canvas.group(
        f"{name}: mean rank {number}",
        canvas.line(x, _AXIS, x, y, css="axis"),
        canvas.line(x, y, side.elbow, y, css="axis"),
        canvas.mark(x, _AXIS, "circle", css="good halo" if best else "flat halo", size=4.5),
        canvas.text(side.elbow + side.direction * 4, y + 4, number, css="soft small", anchor=anchor),
        canvas.text(
            side.elbow + side.direction * (4 + number_width),
            y + 4,
            canvas.fit(name, side.width - number_width),
            css="strong" if best else "",
            anchor=anchor,
        ),
    )
