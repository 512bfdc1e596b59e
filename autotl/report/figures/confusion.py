"""Draw the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.report.figures import canvas
from autotl.report.format import count

MOST_CLASSES = 20
"""Classes up to which the cells are large enough to read."""


def confusion(matrix: Sequence[Sequence[int]], names: Sequence[str], *, width: float = canvas.WIDE) -> str:
    """Draw a heat map: rows are the true classes, columns the predictions.

    Args:
        matrix: Counts by true class and predicted class.
        names: The classes.
        width: In pixels.

    Returns:
        SVG; empty for more than 20 classes, or if the matrix does not match the names.
    """
    classes = len(names)
    if (
        not 0 < classes <= MOST_CLASSES
        or len(matrix) != classes
        or any(len(row) != classes for row in matrix)
    ):
        return ""
    label = min(max(canvas.text_width(name) for name in names) + 30, width * (0.34 if width >= 520 else 0.4))
    cell = min((width - label - 12) / classes, 58.0)
    top, small = 40.0, cell < 24
    parts = [
        canvas.text(label, 14, "predicted", css="soft small"),
        canvas.text(0, 32, "true class", css="soft small"),
    ]
    for j in range(classes):
        x = label + cell * (j + 0.5)
        parts.append(canvas.text(x, 32, str(j + 1), css="soft small", anchor="middle"))
    for i, (row, name) in enumerate(zip(matrix, names, strict=True)):
        y, total = top + cell * i, sum(row) or 1
        parts.append(canvas.text(14, y + cell / 2 + 4, str(i + 1), css="soft small", anchor="end"))
        parts.append(canvas.text(20, y + cell / 2 + 4, canvas.fit(name, label - 26)))
        for j, images in enumerate(row):
            parts.append(
                _cell(
                    label + cell * j,
                    y,
                    cell,
                    images,
                    images / total,
                    right=i == j,
                    small=small,
                    title=f"{name} predicted as {names[j]}",
                )
            )
    right = sum(matrix[i][i] for i in range(classes))
    wrong = sum(map(sum, matrix)) - right
    return canvas.svg(
        "confusion",
        width=width,
        height=top + cell * classes + 8,
        title=f"Confusion matrix of {count(classes, 'class', 'classes')}",
        description=f"{count(right, 'test image')} predicted correctly, {wrong:,} wrong. "
        "Shades are shares of the true class.",
        parts=parts,
    )


def _cell(
    x: float, y: float, side: float, images: int, share: float, *, right: bool, small: bool, title: str
) -> str:
    css = "good" if right else "bad"
    parts = [canvas.rect(x + 1, y + 1, side - 2, side - 2, css="flat", opacity=0.07, round_=3)]
    if images:
        shade = 0.15 + 0.85 * share
        parts.append(canvas.rect(x + 1, y + 1, side - 2, side - 2, css=css, opacity=shade, round_=3))
        ink = ("page" if shade > 0.6 else "") + (" small" if small else "")
        if not (small and len(str(images)) > 2):
            parts.append(
                canvas.text(x + side / 2, y + side / 2 + 4, str(images), css=ink.strip(), anchor="middle")
            )
    return canvas.group(f"{title}: {count(images, 'image')}", *parts)
