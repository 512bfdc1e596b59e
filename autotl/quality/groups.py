"""Find groups of images of one object.

Examples are frames of a track, views of an object, and slices of a scan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from autotl.clock import OutOfTime
from autotl.quality.duplicates import near_duplicates
from autotl.quality.feature_groups import Rows, Tree, Units, drawn, median_distance, set_apart, trees
from autotl.quality.group_builder import GroupBuilder
from autotl.quality.hashing import BITS, signs_of, textured
from autotl.quality.name_groups import augmented_pairs, by_stem, in_bursts, in_series
from autotl.quality.set_similarity import Comparison, similar_sets, split_run

MIN_PER_CLASS = 5
"""Images of a class that its median distance needs."""
MAX_HASHED = 5000
"""The largest number of images whose hashes are all compared with each other, which takes a second."""
RUN_LIMIT = 0.5
"""The largest mean distance of an image to the previous ones of a series, as a fraction of the median."""
SET_LIMIT, SET_LIMIT_BY_HASHES = 0.4, 0.3
"""The largest mean distance within a set that is found by similarity alone, as a fraction of the median."""
APART, APART_IF_COMMON, COMMON = 2.0, 1.5, 0.1
"""How many times farther the nearest image outside a set must be.

The second factor applies if the first one puts at least a tenth of the images into sets.
"""
CHANCE = 0.02
"""The smallest fraction of images in such sets; below it, the sets are attributed to chance.

The fraction is at most 1.1 % in five data sets of unrelated photographs, 5 % of textures and 6 % of scans.
"""

BY_NAMES = "file names"
"""The evidence from shared names, as named in the report."""

Check = Callable[[], None]
"""Raises OutOfTime if the search must end."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The images that a fold may learn from, one per row.

    Attributes:
        names: File names, (n,).
        labels: Class indices, int64 (n,).
        hashes: Perceptual hashes, (n,).
        taken: Camera and capture time in seconds of each image, None if unknown, (n,).
        features: Pooled features of a pretrained network, (n, d); None if there are none.
    """

    names: Sequence[str]
    labels: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    taken: Sequence[tuple[str, float] | None]
    features: NDArray[np.floating] | None = None


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of images that show the same thing.

    Attributes:
        sets: Rows of each group.
        how: The evidence that first put each row into a group.
        complete: Whether the search had time for all evidence.
        uncompared: Number of images in large classes that were not compared by similarity.
    """

    sets: tuple[tuple[int, ...], ...] = ()
    how: Mapping[int, str] = field(default_factory=dict)
    complete: bool = True
    uncompared: int = 0


def find_groups(
    images: Evidence,
    *,
    known: Groups | None = None,
    seed: int = 0,
    check_cancelled: Check = lambda: None,
) -> Groups:
    """Find groups of images that a fold must not divide.

    Images are compared by features if there are any, else by hashes. A group has at most a third of the
    images of its class.

    Args:
        images: The images.
        known: Groups found before, which are kept.
        seed: Seed of the samples of large classes.
        check_cancelled: Called between small steps. If it raises OutOfTime, the groups found so far are
            returned.

    Returns:
        The groups, sorted by their first rows.
    """
    rng, found = np.random.default_rng(seed), GroupBuilder(images.labels)
    if known is not None:
        found.start_from(known.sets, known.how)
    try:
        compared = _comparison(images, rng, check_cancelled)
        for step in (_by_names, _by_order, _by_similarity, _by_copies):
            check_cancelled()
            step(images, compared, found)
    except OutOfTime:
        return Groups(found.sets(), found.how, complete=False)
    return Groups(found.sets(), found.how, uncompared=compared.uncompared)


def _comparison(images: Evidence, rng: np.random.Generator, check_cancelled: Check) -> Comparison:
    units = _units(images)
    classes = _classes(images.labels, np.ones(len(units), dtype=bool))
    medians = {}
    for label, rows in classes.items():
        check_cancelled()
        medians[label] = median_distance(units, rows, rng)
    usable = classes if images.features is not None else _classes(images.labels, textured(images.hashes))
    sample = {label: drawn(rows, rng) for label, rows in usable.items()}
    uncompared = sum(len(rows) - len(sample[label]) for label, rows in usable.items())
    return Comparison(units, classes, sample, uncompared, medians, rng, check_cancelled)


def _by_names(images: Evidence, compared: Comparison, found: GroupBuilder) -> None:
    """Use shared parts of file names."""
    stems = []
    for rows in compared.classes.values():
        compared.check_cancelled()
        stems.append(list(by_stem(images.names, rows.tolist())))
    for level in zip(*stems, strict=True):
        sets = [each for part in level for each in part if found.fits(each)]
        for each in similar_sets(sets, compared, images.labels):
            found.join(each, BY_NAMES)


def _by_order(images: Evidence, compared: Comparison, found: GroupBuilder) -> None:
    """Use the order of capture times, and of numbers in file names."""
    bursts, series = [], []
    for rows in compared.classes.values():
        compared.check_cancelled()
        bursts += in_bursts(images.taken, rows.tolist())
        series += in_series(images.names, rows.tolist())
    for how, runs in (("capture times", bursts), ("neighbouring file names", series)):
        if similar_sets([pair for run in runs for pair in pairwise(run)], compared, images.labels):
            for run in runs:
                limit = RUN_LIMIT * compared.medians[int(images.labels[run[0]])]
                for each in split_run(run, compared, limit):
                    found.join(each, how)


def _by_similarity(images: Evidence, compared: Comparison, found: GroupBuilder) -> None:
    """Use sets that stand apart from their class; by hashes, only those of textured images."""
    relative_limit = SET_LIMIT if images.features is not None else SET_LIMIT_BY_HASHES
    grown: list[tuple[Tree, float, int]] = []
    for label, rows in compared.drawn.items():
        limit = relative_limit * compared.medians[label]
        for tree in trees(
            compared.units,
            rows,
            limit=limit,
            rng=compared.rng,
            check_cancelled=compared.check_cancelled,
        ):
            grown.append((tree, limit, found.max_size(label)))
    sets = _sets_apart(grown, APART)
    fraction = sum(map(len, sets)) / max(1, sum(map(len, compared.drawn.values())))
    if fraction < CHANCE:
        return
    if images.features is not None and fraction >= COMMON:
        sets = _sets_apart(grown, APART_IF_COMMON)
    for each in sets:
        found.join(each, "likeness")


def _by_copies(images: Evidence, compared: Comparison, found: GroupBuilder) -> None:
    """Use copies of images, and pairs whose names indicate augmentation."""
    for copies in (*_copies(images), *augmented_pairs(images.names, images.labels, images.hashes)):
        for label in {int(images.labels[row]) for row in copies}:
            found.join([row for row in copies if images.labels[row] == label], "near copies")


def _copies(images: Evidence) -> Iterator[Sequence[int]]:
    """Yield rows of one image; in a large data set, only those with equal hashes."""
    if len(images.hashes) <= MAX_HASHED:
        yield from near_duplicates(images.hashes, images.features)
        return
    equal: dict[int, list[int]] = {}
    for row in np.flatnonzero(textured(images.hashes)).tolist():
        equal.setdefault(int(images.hashes[row]), []).append(row)
    yield from equal.values()


def _units(images: Evidence) -> Units:
    """Return centred features, or the bits of hashes, as rows of length 1."""
    if images.features is None:
        bits: Units = signs_of(images.hashes) / np.float32(BITS**0.5)
        return bits
    rows = np.asarray(images.features, dtype=np.float32)
    rows = rows - rows.mean(axis=0)
    units: Units = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return units


def _classes(labels: NDArray[np.int64], usable: NDArray[np.bool_]) -> dict[int, Rows]:
    """Return the usable rows of each class that has enough of them."""
    found = {int(label): np.flatnonzero((labels == label) & usable) for label in np.unique(labels)}
    return {label: rows for label, rows in found.items() if len(rows) >= MIN_PER_CLASS}


def _sets_apart(grown: Sequence[tuple[Tree, float, int]], apart: float) -> list[tuple[int, ...]]:
    return [
        each
        for tree, limit, max_size in grown
        for each in set_apart(tree, limit=limit, apart=apart, max_size=max_size)
    ]
