"""Find held-out images that look far more like a training image than usual within their class."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

NEAR, UNUSUAL = 0.25, 0.05
"""Largest cosine distance of a near copy, as a share of the median distance within the class, and the share
of reference images that may be as near. On four data sets of unrelated photographs less than 1 % of the
held-out images are within ``NEAR`` of a training image; of sketches and textures more are.
"""
NAMED = 0.5
"""The same for two images with neighbouring file names, if such images are alike in this data set."""
LEAST = 5
"""Training images that a class needs for its median to mean something."""
MOST_LEARNED = 20_000
"""Training images of a class that held-out images are compared with, drawn at random if there are more: their
features fill 100 MB at 1,280 numbers each. A near copy outside the draw is missed.
"""

_NUMBER = re.compile(r"(?<!\d)\d{1,9}(?!\d)(?=\D*$)")  # a longer number is an identifier and counts nothing


@dataclass(frozen=True, slots=True)
class Pictures:
    """Labelled images, one per row.

    Attributes:
        names: File names, (n,), as a sequence or an array of objects.
        labels: Class indices, int64 (n,).
        features: Pooled features of a pretrained network, (n, d).
    """

    names: Sequence[str] | NDArray[np.object_]
    labels: Places
    features: NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The training image of the same class nearest to each held-out image, in features and by file name.

    Attributes:
        distance: Cosine distance to the nearest, divided by the class median, (n,); inf if not measured.
        row: Training row of the nearest, (n,); -1 if not measured.
        named_distance: The same distance to the file-name neighbour, (n,); inf if there is none.
        named_row: Training row of the file-name neighbour, (n,); -1 if there is none.
        named_rank: Share of the class that is less alike than the file-name neighbour, (n,); NaN if there is
            none. Its mean is 0.5 if file names say nothing.
        named_usual: Share of the class within ``NAMED``, (n,): how often a file-name neighbour is by chance.
    """

    distance: Floats
    row: Places
    named_distance: Floats
    named_row: Places
    named_rank: Floats
    named_usual: Floats


def nearest(
    parts: Sequence[tuple[Pictures, Places]],
    learned: Pictures,
    *,
    seed: int = 0,
    pulse: Callable[[], None] | None = None,
) -> list[Nearest]:
    """Measure how near each held-out image is to the training images of its class.

    File-name neighbours share the folder and all before the last number, and have the nearest number.
    Features are read class by class, and of at most ``MOST_LEARNED`` training images of a class.

    Args:
        parts: Held-out images and the rows of the training images that they are compared with.
        learned: All training images; the features may be memory-mapped.
        seed: Draws training images of classes that have too many.
        pulse: Called before each class; may raise to end the comparison.

    Returns:
        The nearest training images for each part, with rows of ``learned``.
    """
    center = learned.features[_drawn(np.arange(len(learned.labels)), seed)].mean(axis=0, dtype=np.float64)
    found = [_nothing(len(held.labels)) for held, _ in parts]
    used = [np.isin(np.arange(len(learned.labels)), rows) for _, rows in parts]
    for label in np.unique(np.concatenate([held.labels for held, _ in parts])):
        if pulse is not None:
            pulse()
        own = _drawn(np.flatnonzero(learned.labels == label), seed)
        units, series = _units(learned.features[own], center), _series(learned, own)
        for (held, _), usable, into in zip(parts, used, found, strict=True):
            rows = np.flatnonzero(held.labels == label)
            if len(rows) and usable[own].sum() >= LEAST:
                _compare(held, rows, own, usable[own], units, center, series, into)
    return found


Series = dict[str, tuple[Places, Places]]


def _compare(
    held: Pictures,
    rows: Places,
    own: Places,
    usable: NDArray[np.bool_],
    units: NDArray[np.float32],
    center: Floats,
    series: Series,
    found: Nearest,
) -> None:
    """Compare held-out images of one class with the usable training images of that class."""
    own, of_class, rank = own[usable], units[usable], np.cumsum(usable) - 1
    ours = _units(held.features[rows], center)
    for row, unit in zip(rows.tolist(), ours, strict=True):
        distances = 1 - of_class @ unit  # (images of the class,)
        usual = max(float(np.median(distances)), 1e-9)
        first = int(distances.argmin())
        found.distance[row], found.row[row] = distances[first] / usual, own[first]
        place = _place(held.names[row])
        if place is None or place[0] not in series:
            continue
        positions, numbers = series[place[0]]
        if not (here := usable[positions]).any():
            continue
        named = rank[positions[here][np.abs(numbers[here] - place[1]).argmin()]]
        found.named_distance[row], found.named_row[row] = distances[named] / usual, own[named]
        found.named_usual[row] = (distances < NAMED * usual).mean()
        found.named_rank[row] = (distances > distances[named]).sum() / (len(own) - 1)


def _nothing(n: int) -> Nearest:
    return Nearest(
        np.full(n, np.inf),
        np.full(n, -1),
        np.full(n, np.inf),
        np.full(n, -1),
        np.full(n, np.nan),
        np.zeros(n),
    )


def _drawn(rows: Places, seed: int) -> Places:
    """Draw rows if there are too many, and keep their order."""
    if len(rows) <= MOST_LEARNED:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_LEARNED, replace=False))


def _series(learned: Pictures, own: Places) -> Series:
    """Group positions in ``own`` by series, with the number of each file there."""
    members: dict[str, list[tuple[int, int]]] = {}
    for position, row in enumerate(own.tolist()):
        if (place := _place(learned.names[row])) is not None:
            members.setdefault(place[0], []).append((position, place[1]))
    pairs = {name: np.array(each, dtype=np.int64) for name, each in members.items()}
    return {name: (each[:, 0], each[:, 1]) for name, each in pairs.items()}


def near_limit(reference: Floats) -> float:
    """Return the distance of a near copy.

    At most 5 % of the reference distances (n,) lie below it. Infinite ones, which were not measured, do not
    count.
    """
    measured = reference[np.isfinite(reference)]
    return min(NEAR, float(np.quantile(measured, UNUSUAL))) if len(measured) else NEAR


def _place(name: str) -> tuple[str, int] | None:
    """The series that a file belongs to and its number there; None if the name has no number."""
    stem = re.sub(r"\.[A-Za-z]\w*$", "", str(name))
    found = _NUMBER.search(stem, stem.rfind("/") + 1)
    return (stem[: found.start()], int(found.group())) if found else None


def _units(features: NDArray[np.floating], center: Floats) -> NDArray[np.float32]:
    """The centred rows with length 1."""
    rows = np.asarray(features, dtype=np.float32) - center.astype(np.float32)
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    found: NDArray[np.float32] = rows / lengths
    return found
