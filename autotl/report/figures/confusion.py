"""Draw the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.report.figures import canvas
from autotl.report.figures.model.confusion_map import confusion_map
from autotl.report.format import count

TOP = 40.0
"""Upper edge of the cells in pixels."""
MOST_CLASSES = 20
"""Classes up to which the cells have room for numbers."""
MOST_MAPPED = 100
"""Classes up to which there is a heat map."""
MOST_SHADE = 0.5
"""Opacity of a full cell: with more, its number would be hard to read in light or dark mode."""


def confusion(matrix: Sequence[Sequence[int]], names: Sequence[str], *, width: float = canvas.WIDE) -> str:
    """Draw a heat map: rows are the true classes, columns the predictions.

    Args:
        matrix: Counts by true class and predicted class.
        names: The classes.
        width: In pixels.

    Returns:
        SVG, without numbers for more than 20 classes. Empty for more than 100 classes, or if the matrix does
        not match the names.
    """
    classes = len(names)
    if not 0 < classes <= MOST_MAPPED or len(matrix) != classes or any(len(row) != classes for row in matrix):
        return ""
    if classes > MOST_CLASSES:
        return confusion_map(matrix, names, width=width)
    label = min(max(canvas.text_width(name) for name in names) + 30, width * (0.34 if width >= 520 else 0.4))
    cell = min((width - label - 12) / classes, 58.0)
    parts = [
        canvas.text(label, 14, "predicted", css="soft small"),
        canvas.text(0, 32, "true class", css="soft small"),
    ]
    for j in range(classes):
        x = label + cell * (j + 0.5)
        parts.append(canvas.text(x, 32, str(j + 1), css="soft small", anchor="middle"))
    for i in range(classes):
        parts += _row(matrix[i], names, i, label=label, cell=cell)
    right = sum(matrix[i][i] for i in range(classes))
    wrong = sum(map(sum, matrix)) - right
    return canvas.svg(
        "confusion",
        width=width,
        height=TOP + cell * classes + 8,
        title=f"Confusion matrix of {count(classes, 'class', 'classes')}",
        description=f"{count(right, 'test image')} predicted correctly, {wrong:,} wrong. "
        "Shades are shares of the true class.",
        parts=parts,
    )


def _row(row: Sequence[int], names: Sequence[str], i: int, *, label: float, cell: float) -> list[str]:
    """The number and name of a true class, and its cells."""
    y, total = TOP + cell * i, sum(row) or 1
    return [
        canvas.text(14, y + cell / 2 + 4, str(i + 1), css="soft small", anchor="end"),
        canvas.text(20, y + cell / 2 + 4, canvas.fit(names[i], label - 26)),
        *(
            canvas.group(
                f"{names[i]} predicted as {names[j]}: {count(images, 'image')}",
                *_cell(label + cell * j, y, cell, images, images / total, css="good" if i == j else "bad"),
            )
            for j, images in enumerate(row)
        ),
    ]


def _cell(x: float, y: float, side: float, images: int, share: float, *, css: str) -> list[str]:
    small = side < 24
    parts = [canvas.rect(x + 1, y + 1, side - 2, side - 2, css="flat", opacity=0.07, round_=3)]
    if images:
        shade = 0.1 + (MOST_SHADE - 0.1) * share
        parts.append(canvas.rect(x + 1, y + 1, side - 2, side - 2, css=css, opacity=shade, round_=3))
        if not (small and len(str(images)) > 2):
            middle, below = x + side / 2, y + side / 2 + 4
            parts.append(
                canvas.text(middle, below, str(images), css="small" if small else "", anchor="middle")
            )
    return parts
