"""Draw the map of the images as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.report.figures import canvas

COLOURS = 7
"""Colours of series in the figures of autotl."""
PAD = 12.0
HEIGHT_SHARE = 0.72
"""Height of the map as a share of its width."""


@dataclass(frozen=True, slots=True)
class Point:
    """An image on the map; ``x`` and ``y`` are in [0, 1]."""

    x: float
    y: float
    cluster: int
    name: str


def series(cluster: int) -> tuple[str, str]:
    """Return the colour and the shape of a cluster; -1 is grey."""
    if cluster < 0:
        return "flat", "circle"
    shapes = canvas.SHAPES
    return f"s{cluster % COLOURS}", shapes[(cluster + cluster // COLOURS) % len(shapes)]


def cluster_mark(cluster: int) -> str:
    """Draw the mark of a cluster, for legends."""
    colour, shape = series(cluster)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="atl mark" viewBox="0 0 14 14" aria-hidden="true">'
        f"{canvas.mark(7, 7, shape, css=colour, size=4.5)}</svg>"
    )


def draw_map(points: Sequence[Point], *, width: float, labels: bool) -> str:
    """Draw the map, with a group of marks for each cluster.

    Args:
        points: The images.
        width: In pixels.
        labels: Whether each cluster has its number at the median of its points.
    """
    height = width * HEIGHT_SHARE
    x = canvas.Scale(0, 1, PAD, width - PAD)
    y = canvas.Scale(0, 1, height - PAD, PAD)
    parts = [canvas.rect(0, 0, width, height, css="page")]
    size = 3.4 if len(points) <= 1000 else 2.4
    numbers = sorted({point.cluster for point in points})
    for cluster in numbers:
        colour, shape = series(cluster)
        own = [point for point in points if point.cluster == cluster]
        marks = "".join(_mark(point, x, y, shape, colour, size) for point in own)
        parts.append(f'<g data-cluster="{cluster}">{marks}</g>')
    if labels:
        parts += [_number(points, cluster, x, y) for cluster in numbers if cluster >= 0]
    return canvas.svg(
        "map",
        width=width,
        height=height,
        title="Map of the images",
        description=f"{len(points)} images, coloured by cluster.",
        parts=parts,
    )


def shown_rows(n: int, most: int, always: Sequence[int], *, seed: int) -> NDArray[np.int64]:
    """Return the rows to draw, a sample of many.

    Args:
        n: The number of rows.
        most: The largest number of other rows.
        always: Rows to draw in any case.
        seed: The seed of the sample.
    """
    if n <= most:
        return np.arange(n)
    drawn = np.random.default_rng(seed).choice(n, most, replace=False)
    return np.unique(np.concatenate([drawn, np.asarray(always, dtype=np.int64)]))


def _mark(point: Point, x: canvas.Scale, y: canvas.Scale, shape: str, colour: str, size: float) -> str:
    mark = canvas.mark(x(point.x), y(point.y), shape, css=colour, size=size)
    if not point.name:
        return mark
    return canvas.group(f"{point.name} ({_cluster_name(point.cluster)})", mark)


def _cluster_name(cluster: int) -> str:
    return "no cluster" if cluster < 0 else f"cluster {cluster}"


def _number(points: Sequence[Point], cluster: int, x: canvas.Scale, y: canvas.Scale) -> str:
    own = np.array([(point.x, point.y) for point in points if point.cluster == cluster])
    left, top = np.median(own, axis=0)
    return canvas.text(x(float(left)), y(float(top)) + 4, str(cluster), css="strong number", anchor="middle")
