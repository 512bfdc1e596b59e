"""Words beside data points, where they do not cover each other."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.report.figures import canvas

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""

_HEIGHT, _GAP = 13.0, 8.0


def beside(
    points: Sequence[tuple[float, float]], labels: Sequence[str], *, frame: Box, avoid: Sequence[Box] = ()
) -> list[str]:
    """A text for every point that has room right, left, above or below of it; empty text for the others.

    Labels stay inside ``frame``, off all points, off each other and off ``avoid``. The first points choose
    first.
    """
    taken = [*avoid, *((x - 6, y - 6, x + 6, y + 6) for x, y in points)]
    drawn = []
    for (x, y), label in zip(points, labels, strict=True):
        width = canvas.text_width(label, size=11)
        places = [
            (x + _GAP, y + 4, "start", (x + _GAP, y - 7, x + _GAP + width, y - 7 + _HEIGHT)),
            (x - _GAP, y + 4, "end", (x - _GAP - width, y - 7, x - _GAP, y - 7 + _HEIGHT)),
            (x, y - _GAP - 1, "middle", (x - width / 2, y - _GAP - _HEIGHT + 1, x + width / 2, y - _GAP + 1)),
            (x, y + _GAP + 9, "middle", (x - width / 2, y + _GAP - 1, x + width / 2, y + _GAP + _HEIGHT - 1)),
        ]
        room = [place for place in places if _inside(place[3], frame) and not _hits(place[3], taken)]
        if not room:
            drawn.append("")
            continue
        at, base, anchor, box = room[0]
        taken.append(box)
        drawn.append(canvas.text(at, base, label, css="small", anchor=anchor))
    return drawn


def legend(
    entries: Sequence[tuple[str, str, str]], *, left: float, right: float, top: float
) -> tuple[list[str], float]:
    """Marks with their words, (shape, class, label), in as many lines as they take; and where they end."""
    parts, x, y = [], left, top
    for shape, css, label in entries:
        needs = canvas.text_width(label) + 34
        if x > left and x + needs > right:
            x, y = left, y + 20
        parts.append(canvas.mark(x + 5, y - 4, shape, css=css))
        parts.append(canvas.text(x + 15, y, label))
        x += needs
    return parts, y + 12


def _inside(box: Box, frame: Box) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]


def _hits(box: Box, taken: Sequence[Box]) -> bool:
    return any(box[0] < t[2] and t[0] < box[2] and box[1] < t[3] and t[1] < box[3] for t in taken)
