"""Place labels beside data points without overlap."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.report.figures import canvas

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels."""

_HEIGHT, _GAP = 13.0, 8.0


def labels_beside(
    points: Sequence[tuple[float, float]], labels: Sequence[str], *, frame: Box, avoid: Sequence[Box] = ()
) -> list[str]:
    """Return the label of each point as SVG text.

    A label is right, left, above or below of its point. Labels stay inside the frame and do not overlap.
    Earlier points have priority.

    Args:
        points: Positions of the points, in pixels.
        labels: The labels.
        frame: The area for labels.
        avoid: Areas to keep free.

    Returns:
        The labels; empty text for a point without space.
    """
    used = [*avoid, *((x - 6, y - 6, x + 6, y + 6) for x, y in points)]
    drawn = []
    for (x, y), label in zip(points, labels, strict=True):
        width = canvas.text_width(label, size=11)
        positions = [
            (x + _GAP, y + 4, "start", (x + _GAP, y - 7, x + _GAP + width, y - 7 + _HEIGHT)),
            (x - _GAP, y + 4, "end", (x - _GAP - width, y - 7, x - _GAP, y - 7 + _HEIGHT)),
            (x, y - _GAP - 1, "middle", (x - width / 2, y - _GAP - _HEIGHT + 1, x + width / 2, y - _GAP + 1)),
            (x, y + _GAP + 9, "middle", (x - width / 2, y + _GAP - 1, x + width / 2, y + _GAP + _HEIGHT - 1)),
        ]
        free = [each for each in positions if _inside(each[3], frame) and not _overlaps(each[3], used)]
        if not free:
            drawn.append("")
            continue
        text_x, text_y, anchor, box = free[0]
        used.append(box)
        drawn.append(canvas.text(text_x, text_y, label, css="small", anchor=anchor))
    return drawn


def _inside(box: Box, frame: Box) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]


def _overlaps(box: Box, used: Sequence[Box]) -> bool:
    return any(box[0] < t[2] and t[0] < box[2] and box[1] < t[3] and t[1] < box[3] for t in used)
