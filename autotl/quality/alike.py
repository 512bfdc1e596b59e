"""Find held-out images that look far more like a training image than usual within their class."""

from __future__ import annotations

import re
from collections.abc import Sequence
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

_NUMBER = re.compile(r"(?<!\d)\d{1,9}(?!\d)(?=\D*$)")  # a longer number is an identifier and counts nothing


@dataclass(frozen=True, slots=True)
class Pictures:
    """Labelled images, one per row.

    Attributes:
        names: File names, (n,).
        labels: Class indices, int64 (n,).
        features: Pooled features of a pretrained network, (n, d).
    """

    names: Sequence[str]
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


def nearest(held: Pictures, learned: Pictures) -> Nearest:
    """Measure how near each held-out image is to the training images of its class.

    File-name neighbours share the folder and all before the last number, and have the nearest number.
    """
    center = np.asarray(learned.features).mean(axis=0, dtype=np.float64)
    ours, theirs = _units(held.features, center), _units(learned.features, center)
    n = len(held.labels)
    found = Nearest(
        np.full(n, np.inf),
        np.full(n, -1),
        np.full(n, np.inf),
        np.full(n, -1),
        np.full(n, np.nan),
        np.zeros(n),
    )
    places = [_place(name) for name in learned.names]
    for label in np.unique(held.labels):
        rows, own = np.flatnonzero(held.labels == label), np.flatnonzero(learned.labels == label)
        if len(own) < LEAST:
            continue
        series: dict[str, list[int]] = {}
        for position, row in enumerate(own.tolist()):
            if (place := places[row]) is not None:
                series.setdefault(place[0], []).append(position)
        of_class = theirs[own]
        for row in rows.tolist():
            distances = 1 - of_class @ ours[row]  # (images of the class,)
            usual = max(float(np.median(distances)), 1e-9)
            first = int(distances.argmin())
            found.distance[row], found.row[row] = distances[first] / usual, own[first]
            place = _place(held.names[row])
            if place is not None and (beside := series.get(place[0])):
                named = min(beside, key=lambda each: abs(_number(places[own[each]]) - place[1]))
                found.named_distance[row], found.named_row[row] = distances[named] / usual, own[named]
                found.named_usual[row] = (distances < NAMED * usual).mean()
                found.named_rank[row] = (distances > distances[named]).sum() / (len(own) - 1)
    return found


def near_limit(reference: Floats) -> float:
    """The distance of a near copy, below which at most 5 % of the reference distances (n,) lie."""
    return min(NEAR, float(np.quantile(reference, UNUSUAL)))


def _place(name: str) -> tuple[str, int] | None:
    """The series that a file belongs to and its number there; None if the name has no number."""
    stem = re.sub(r"\.[A-Za-z]\w*$", "", name)
    found = _NUMBER.search(stem, stem.rfind("/") + 1)
    return (stem[: found.start()], int(found.group())) if found else None


def _number(place: tuple[str, int] | None) -> int:
    assert place is not None
    return place[1]


def _units(features: NDArray[np.floating], center: Floats) -> NDArray[np.float32]:
    """The centred rows with length 1."""
    rows = np.asarray(features, dtype=np.float32) - center.astype(np.float32)
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    found: NDArray[np.float32] = rows / lengths
    return found
