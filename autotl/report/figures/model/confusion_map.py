"""Draw the confusion matrix of many classes as a heat map."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.report.figures import canvas
from autotl.report.format import count

TOP = 40.0
"""Upper edge of the cells in pixels."""
LEGIBLE = 11.0
"""Height of a row in pixels from which each class is named."""
LEAST_SHADE = 0.3
"""Opacity of a single wrong prediction, so that it is seen."""
TICKS = (5, 10, 20, 25)
"""Possible distances between numbered classes."""


def confusion_map(
    matrix: Sequence[Sequence[int]], names: Sequence[str], *, width: float = canvas.WIDE
) -> str:
    """Draw the cells that are not empty, without numbers.

    Rows are the true classes, columns the predictions.

    Args:
        matrix: Counts by true class and predicted class, (k, k).
        names: The classes, (k,).
        width: In pixels.

    Returns:
        SVG with the ticks of class numbers, and with names where there is room for them.
    """
    classes, roomy = len(names), width >= 480
    label = min(max(canvas.text_width(name, size=11) for name in names) + 34, width * 0.3) if roomy else 30.0
    side = (width - label - 8) / classes
    named = roomy and side >= LEGIBLE - 3
    height = max(side, LEGIBLE) if named else side
    every = 1 if named else next((step for step in TICKS if step * side >= 24), TICKS[-1])
    parts = [canvas.rect(label, TOP, side * classes, height * classes, css="flat", opacity=0.07)]
    for i in range(classes):
        y = TOP + height * i
        if i % every == every - 1 or every == 1:
            parts += _label(names[i] if named else "", i, y + height / 2, label)
            if every > 1:
                parts.append(canvas.line(label, y + height, label + side * classes, y + height))
        parts += _row(matrix[i], names, i, (label, y), (side, height))
    step = next((each for each in (1, *TICKS) if each * side >= 22), TICKS[-1])
    parts += [
        canvas.text(label + side * (j + 0.5), 32, str(j + 1), css="soft small", anchor="middle")
        for j in range(step - 1, classes, step)
    ]
    right = sum(matrix[i][i] for i in range(classes))
    wrong = sum(map(sum, matrix)) - right
    return canvas.svg(
        "confusion",
        width=width,
        height=TOP + height * classes + 8,
        title=f"Confusion matrix of {count(classes, 'class', 'classes')}",
        description=f"{count(right, 'test image')} predicted correctly, {wrong:,} wrong. "
        "Shades are shares of the true class.",
        parts=[canvas.text(label, 14, "number of the predicted class", css="soft small"), *parts],
    )


def _label(name: str, number: int, middle: float, label: float) -> list[str]:
    parts = [canvas.text(label - 6, middle + 4, str(number + 1), css="soft small", anchor="end")]
    if name:
        parts.append(canvas.text(0, middle + 4, canvas.fit(name, label - 30, size=11), css="small"))
    return parts


def _row(
    row: Sequence[int], names: Sequence[str], i: int, corner: tuple[float, float], size: tuple[float, float]
) -> list[str]:
    total = sum(row) or 1
    return [
        canvas.group(
            f"{names[i]} predicted as {names[j]}: {count(images, 'image')}",
            canvas.rect(
                corner[0] + size[0] * j,
                corner[1],
                size[0],
                size[1],
                css="good" if i == j else "bad",
                opacity=LEAST_SHADE + (1 - LEAST_SHADE) * images / total,
            ),
        )
        for j, images in enumerate(row)
        if images
    ]
