"""Find the training image nearest to each held-out image."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

NEAR_COPY_LIMIT = 0.25
"""The largest cosine distance of a near copy, as a fraction of the median distance in its class.

On four data sets of unrelated photographs, fewer than 1 % of the held-out images are within this limit of a
training image. Sketches and textures have more.
"""
REFERENCE_FRACTION = 0.05
"""The largest fraction of reference images that may count as near copies."""
NAME_NEIGHBOUR_LIMIT = 0.5
"""The same limit for images with neighbouring file names, if such images are similar in this data set."""
MIN_PER_CLASS = 5
"""Training images of a class that its median distance needs."""
MAX_TRAIN_ROWS = 20_000
"""The largest number of training images of a class that are compared; others are drawn at random.

With 1,280 features, these need 100 MB. A near copy outside the sample is missed.
"""

_NUMBER = re.compile(r"(?<!\d)\d{1,9}(?!\d)(?=\D*$)")  # a longer number is an identifier


@dataclass(frozen=True, slots=True)
class LabelledImages:
    """Labelled images with features, one per row.

    Attributes:
        names: File names, (n,), as a sequence or an array of objects.
        labels: Class indices, int64 (n,).
        features: Pooled features of a pretrained network, (n, d).
    """

    names: Sequence[str] | NDArray[np.object_]
    labels: Rows
    features: NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest training images of the same class, by held-out image.

    Attributes:
        distance: Cosine distance to the nearest image, divided by the class median, (n,); infinite if
            unknown.
        row: Training row of the nearest image, (n,); -1 if unknown.
        named_distance: The same distance to the file-name neighbour, (n,); infinite if there is none.
        named_row: Training row of the file-name neighbour, (n,); -1 if there is none.
        named_rank: Fraction of the class that is less similar than the file-name neighbour, (n,); NaN if
            there is none. Its mean is 0.5 if file names carry no information.
        named_usual: Fraction of the class within ``NAME_NEIGHBOUR_LIMIT``, (n,): the probability that a
            file-name neighbour is within it by chance.
    """

    distance: Floats
    row: Rows
    named_distance: Floats
    named_row: Rows
    named_rank: Floats
    named_usual: Floats


Series = dict[str, tuple[Rows, Rows]]
"""Positions and numbers of the files of each series."""


@dataclass(frozen=True, slots=True)
class _Class:
    """The training images of one class.

    Attributes:
        rows: Their rows, (m,).
        units: Their centred features, scaled to length 1, (m, d).
        series: Positions in ``rows`` by file-name series.
        center: The mean of all training features, (d,).
    """

    rows: Rows
    units: NDArray[np.float32]
    series: Series
    center: Floats


def nearest_images(
    parts: Sequence[tuple[LabelledImages, Rows]],
    train: LabelledImages,
    *,
    seed: int = 0,
    check_cancelled: Callable[[], None] | None = None,
) -> list[Nearest]:
    """Find the training images nearest to held-out images, within their class.

    File-name neighbours share the folder and the text before the last number, and have the nearest number.
    Features are read class by class, at most ``MAX_TRAIN_ROWS`` training images of each.

    Args:
        parts: Sets of held-out images, each with the training rows to compare it with.
        train: All training images; the features may be memory-mapped.
        seed: Seed of the sample of large classes.
        check_cancelled: Called before each class; may raise to end the comparison.

    Returns:
        The nearest training images of each part, as rows of ``train``.
    """
    center = train.features[_sample(np.arange(len(train.labels)), seed)].mean(axis=0, dtype=np.float64)
    found = [_unknown(len(held_out.labels)) for held_out, _ in parts]
    usable = [np.isin(np.arange(len(train.labels)), rows) for _, rows in parts]
    for label in np.unique(np.concatenate([held_out.labels for held_out, _ in parts])):
        if check_cancelled is not None:
            check_cancelled()
        rows = _sample(np.flatnonzero(train.labels == label), seed)
        of_class = _Class(rows, _units(train.features[rows], center), _series(train, rows), center)
        for (held_out, _), mask, into in zip(parts, usable, found, strict=True):
            held_out_rows = np.flatnonzero(held_out.labels == label)
            if len(held_out_rows) and mask[rows].sum() >= MIN_PER_CLASS:
                _compare(held_out, held_out_rows, of_class, mask[rows], into)
    return found


def near_copy_limit(reference: Floats) -> float:
    """Return the largest distance of a near copy.

    At most 5 % of the reference distances lie below the limit.

    Args:
        reference: Distances of reference images, (n,); infinite ones are ignored.
    """
    measured = reference[np.isfinite(reference)]
    if not len(measured):
        return NEAR_COPY_LIMIT
    return min(NEAR_COPY_LIMIT, float(np.quantile(measured, REFERENCE_FRACTION)))


def _compare(
    held_out: LabelledImages, rows: Rows, of_class: _Class, usable: NDArray[np.bool_], into: Nearest
) -> None:
    """Compare held-out images of one class with its usable training images.

    Args:
        held_out: The held-out images.
        rows: Their rows in this class.
        of_class: The training images of the class.
        usable: Which of them to compare with.
        into: Receives the results.
    """
    train_rows, units, rank = of_class.rows[usable], of_class.units[usable], np.cumsum(usable) - 1
    held_out_units = _units(held_out.features[rows], of_class.center)
    for row, unit in zip(rows.tolist(), held_out_units, strict=True):
        distances = 1 - units @ unit  # (images of the class,)
        median = max(float(np.median(distances)), 1e-9)
        first = int(distances.argmin())
        into.distance[row], into.row[row] = distances[first] / median, train_rows[first]
        place = _series_and_number(held_out.names[row])
        if place is None or place[0] not in of_class.series:
            continue
        positions, numbers = of_class.series[place[0]]
        if not (here := usable[positions]).any():
            continue
        named = rank[positions[here][np.abs(numbers[here] - place[1]).argmin()]]
        into.named_distance[row], into.named_row[row] = distances[named] / median, train_rows[named]
        into.named_usual[row] = (distances < NAME_NEIGHBOUR_LIMIT * median).mean()
        into.named_rank[row] = (distances > distances[named]).sum() / (len(train_rows) - 1)


def _unknown(n: int) -> Nearest:
    return Nearest(
        np.full(n, np.inf),
        np.full(n, -1),
        np.full(n, np.inf),
        np.full(n, -1),
        np.full(n, np.nan),
        np.zeros(n),
    )


def _sample(rows: Rows, seed: int) -> Rows:
    """Draw rows in order if there are too many."""
    if len(rows) <= MAX_TRAIN_ROWS:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, MAX_TRAIN_ROWS, replace=False))


def _series(train: LabelledImages, rows: Rows) -> Series:
    """Group positions in ``rows`` by file-name series."""
    members: dict[str, list[tuple[int, int]]] = {}
    for position, row in enumerate(rows.tolist()):
        if (place := _series_and_number(train.names[row])) is not None:
            members.setdefault(place[0], []).append((position, place[1]))
    pairs = {name: np.array(each, dtype=np.int64) for name, each in members.items()}
    return {name: (each[:, 0], each[:, 1]) for name, each in pairs.items()}


def _series_and_number(name: str) -> tuple[str, int] | None:
    """Return the series of a file name and its number in it; None if the name has no number."""
    stem = re.sub(r"\.[A-Za-z]\w*$", "", str(name))
    found = _NUMBER.search(stem, stem.rfind("/") + 1)
    return (stem[: found.start()], int(found.group())) if found else None


def _units(features: NDArray[np.floating], center: Floats) -> NDArray[np.float32]:
    """Return centred rows of length 1."""
    rows = np.asarray(features, dtype=np.float32) - center.astype(np.float32)
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    found: NDArray[np.float32] = rows / lengths
    return found
