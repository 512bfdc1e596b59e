"""Find images that show one thing: frames of a track, exposures of an object, slices of a scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from autotl.clock import OutOfTime
from autotl.quality.augmented_names import namesakes
from autotl.quality.duplicates import near_duplicates
from autotl.quality.feature_groups import Rows, Tree, Units, drawn, median_distance, set_apart, trees
from autotl.quality.hashing import BITS, signs_of, textured
from autotl.quality.joining import Gathering
from autotl.quality.name_groups import by_stem, in_bursts, in_series

LEAST = 5
"""Images that a class needs for its median distance to mean something."""
TELLING, LEAST_SETS, TESTED, OTHERS = 0.75, 10, 1000, 500
"""Names or times tell of one origin if images that share it are more alike than three quarters of the class,
as a mean over the sets and by its 95% interval. So many sets are needed, of which so many images at most are
compared with so many others. The mean is 0.90 for frames of tracks, by hashes 0.82.
"""
MOST_COPIES = 5000
"""Images up to which all hashes are compared with one another, which takes a second."""
LARGE = 10
"""Images of a set that must itself be more alike."""
NAMED = 0.5
"""Largest mean distance of a neighbour to the images before it, as a share of the median within the class."""
NEAR, NEAR_HASHES = 0.4, 0.3
"""Largest mean distance within a set that no name tells of, as a share of the same median."""
APART, APART_OFTEN, OFTEN = 2.0, 1.5, 0.1
"""How many times as far the nearest image outside is. Less is enough if a tenth of the images are in sets by
the first factor.
"""
CHANCE = 0.02
"""The share of images below which such sets are taken for chance and left out. It is at most 1.1% in five
data sets of unrelated photographs, 5% of textures and 6% of scans, most of which are copies.
"""

BY_NAMES = "file names"
"""Evidence, as a report calls it."""

Pulse = Callable[[], None]
"""Raises OutOfTime when the search must end."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence on the images that a fold may learn from, one per row.

    Attributes:
        names: File names, (n,).
        labels: Class indices, int64 (n,).
        hashes: Perceptual hashes, (n,).
        taken: The camera and the second of each image, None if unknown, (n,).
        features: Pooled features of a pretrained network, (n, d); None if there are none.
    """

    names: Sequence[str]
    labels: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    taken: Sequence[tuple[str, float] | None]
    features: NDArray[np.floating] | None = None


@dataclass(frozen=True, slots=True)
class Groups:
    """Sets of images that show the same thing.

    Attributes:
        sets: Rows that belong together.
        how: The evidence that first put a row into a set.
        complete: Whether there was time for all evidence.
        uncompared: Images of large classes that were not compared with their class by likeness.
    """

    sets: tuple[tuple[int, ...], ...] = ()
    how: Mapping[int, str] = field(default_factory=dict)
    complete: bool = True
    uncompared: int = 0


@dataclass(frozen=True, slots=True)
class _Compared:
    """Images and how they are compared.

    Attributes:
        units: Images as rows of length 1.
        classes: The rows of each class that has enough.
        drawn: Those that are compared by likeness.
        uncompared: How many could be and are not.
        medians: The median distance within each class.
        rng: Draws rows.
        pulse: Is called between small steps.
    """

    units: Units
    classes: Mapping[int, Rows]
    drawn: Mapping[int, Rows]
    uncompared: int
    medians: Mapping[int, float]
    rng: np.random.Generator
    pulse: Pulse


def find_groups(
    seen: Evidence, *, known: Groups | None = None, seed: int = 0, pulse: Pulse = lambda: None
) -> Groups:
    """Find sets of images of one class that a fold must not divide.

    Images are compared by features if there are any, else by hashes. No set has more than a third of the
    images of its class.

    Args:
        seen: The images.
        known: Sets that were found before, which are kept.
        seed: Draws images where a class has too many.
        pulse: Is called between small steps. If it raises OutOfTime, the search ends with what it has found.

    Returns:
        The sets, by their first rows.
    """
    rng, found = np.random.default_rng(seed), Gathering(seen.labels)
    if known is not None:
        found.begin(known.sets, known.how)
    try:
        compared = _compared(seen, rng, pulse)
        for step in (_by_names, _by_order, _by_likeness, _by_copies):
            pulse()
            step(seen, compared, found)
    except OutOfTime:
        return Groups(found.sets(), found.how, complete=False)
    return Groups(found.sets(), found.how, uncompared=compared.uncompared)


def _compared(seen: Evidence, rng: np.random.Generator, pulse: Pulse) -> _Compared:
    units = _units(seen)
    classes = _classes(seen.labels, np.ones(len(units), dtype=bool))
    medians = {}
    for label, rows in classes.items():
        pulse()
        medians[label] = median_distance(units, rows, rng)
    usable = classes if seen.features is not None else _classes(seen.labels, textured(seen.hashes))
    own = {label: drawn(rows, rng) for label, rows in usable.items()}
    uncompared = sum(len(rows) - len(own[label]) for label, rows in usable.items())
    return _Compared(units, classes, own, uncompared, medians, rng, pulse)


def _by_names(seen: Evidence, compared: _Compared, found: Gathering) -> None:
    stems = []
    for rows in compared.classes.values():
        compared.pulse()
        stems.append(list(by_stem(seen.names, rows.tolist())))
    for level in zip(*stems, strict=True):
        sets = [each for part in level for each in part if found.fits(each)]
        for each in _telling(sets, compared, seen.labels):
            found.join(each, BY_NAMES)


def _by_order(seen: Evidence, compared: _Compared, found: Gathering) -> None:
    """Use the order of capture times, and of numbers in file names."""
    bursts, series = [], []
    for rows in compared.classes.values():
        compared.pulse()
        bursts += in_bursts(seen.taken, rows.tolist())
        series += in_series(seen.names, rows.tolist())
    for how, runs in (("capture times", bursts), ("neighbouring file names", series)):
        if _telling([pair for run in runs for pair in pairwise(run)], compared, seen.labels):
            for run in runs:
                limit = NAMED * compared.medians[int(seen.labels[run[0]])]
                for each in _alike(run, compared, limit):
                    found.join(each, how)


def _by_likeness(seen: Evidence, compared: _Compared, found: Gathering) -> None:
    """Use sets that stand apart from their class; by hashes only those of pictures with texture."""
    near = NEAR if seen.features is not None else NEAR_HASHES
    grown: list[tuple[Tree, float, int]] = []
    for label, rows in compared.drawn.items():
        limit = near * compared.medians[label]
        for tree in trees(compared.units, rows, limit=limit, rng=compared.rng, pulse=compared.pulse):
            grown.append((tree, limit, found.most(label)))
    sets = _cut(grown, APART)
    share = sum(map(len, sets)) / max(1, sum(map(len, compared.drawn.values())))
    if share < CHANCE:
        return
    if seen.features is not None and share >= OFTEN:
        sets = _cut(grown, APART_OFTEN)
    for each in sets:
        found.join(each, "likeness")


def _by_copies(seen: Evidence, compared: _Compared, found: Gathering) -> None:
    for copies in (*_copies(seen), *namesakes(seen.names, seen.labels, seen.hashes)):
        for label in {int(seen.labels[row]) for row in copies}:
            found.join([row for row in copies if seen.labels[row] == label], "near copies")


def _copies(seen: Evidence) -> Iterator[Sequence[int]]:
    """Yield rows of one picture: by near hashes and features, by hashes alone if there are no features."""
    if len(seen.hashes) <= MOST_COPIES:
        yield from near_duplicates(seen.hashes, seen.features)
        return
    equal: dict[int, list[int]] = {}
    for row in np.flatnonzero(textured(seen.hashes)).tolist():
        equal.setdefault(int(seen.hashes[row]), []).append(row)
    yield from equal.values()


def _units(seen: Evidence) -> Units:
    """Centred features, or the bits of hashes, as rows of length 1."""
    if seen.features is None:
        bits: Units = signs_of(seen.hashes) / np.float32(BITS**0.5)
        return bits
    rows = np.asarray(seen.features, dtype=np.float32)
    rows = rows - rows.mean(axis=0)
    units: Units = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return units


def _classes(labels: NDArray[np.int64], usable: NDArray[np.bool_]) -> dict[int, Rows]:
    """The usable rows of each class that has enough of them."""
    found = {int(label): np.flatnonzero((labels == label) & usable) for label in np.unique(labels)}
    return {label: rows for label, rows in found.items() if len(rows) >= LEAST}


def _telling(
    sets: Sequence[Sequence[int]], compared: _Compared, labels: NDArray[np.int64]
) -> Sequence[Sequence[int]]:
    """Return the sets if their images are more alike than others of their class, without large ones that are
    not; none if the sets do not tell.
    """
    units, rng = compared.units, compared.rng
    others = {label: rng.permutation(rows)[:OTHERS] for label, rows in compared.classes.items()}
    ranks: dict[int, float] = {}
    tested = 0
    for place in rng.permutation(len(sets)).tolist():
        compared.pulse()
        if tested <= TESTED or len(sets[place]) >= LARGE:
            own = np.asarray(sets[place])
            other = np.setdiff1d(others.get(int(labels[own[0]]), own), own)
            if len(other):
                ranks[place] = _rank(units[own], units[other], rng)
                tested += len(own)
    found = np.array(list(ranks.values()))
    if len(found) < LEAST_SETS or found.mean() - 1.96 * found.std() / len(found) ** 0.5 <= TELLING:
        return []
    return [own for place, own in enumerate(sets) if len(own) < LARGE or ranks.get(place, 0.0) > TELLING]


def _rank(own: Units, other: Units, rng: np.random.Generator) -> float:
    """Return the share of other images that are farther from an image of a set than the set's own are.

    Of a large set, each image of a sample is compared with all images of the set. A matrix of all pairs
    would take 10 GB for 50,000 images.
    """
    drawn = own if len(own) <= OTHERS else own[rng.permutation(len(own))[:OTHERS]]
    like = drawn @ own.sum(axis=0) - np.einsum("nd,nd->n", drawn, drawn)
    mean = (1 - like / (len(own) - 1))[:, None]
    beyond = 1 - drawn @ other.T
    return float((beyond > mean).mean() + (beyond == mean).mean() / 2)


def _alike(run: Sequence[int], compared: _Compared, limit: float) -> list[list[int]]:
    """Cut a run where an image is too far from those before it, in the mean."""
    units = compared.units
    parts, total = [[run[0]]], units[run[0]].copy()
    for row in run[1:]:
        compared.pulse()
        if 1 - float(units[row] @ total) / len(parts[-1]) <= limit:
            parts[-1].append(row)
            total += units[row]
        else:
            parts.append([row])
            total = units[row].copy()
    return [part for part in parts if len(part) > 1]


def _cut(grown: Sequence[tuple[Tree, float, int]], apart: float) -> list[tuple[int, ...]]:
    return [
        each for tree, limit, most in grown for each in set_apart(tree, limit=limit, apart=apart, most=most)
    ]
