"""Test whether sets of images are unusually similar in their class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.quality.feature_groups import Rows, Units

MIN_RANK, MIN_SETS = 0.75, 10
"""The mean rank of sets, and the number of sets, from which names or times indicate one origin.

The rank of a set is the fraction of its class that is less similar to its images than they are to each other.
The lower end of the 95 % interval of the mean must be above the limit. The mean is 0.90 for frames of tracks
by features, and 0.82 by hashes.
"""
MAX_TESTED, MAX_OTHERS = 1000, 500
"""The largest number of images in tested sets, and of others that a set is compared with."""
LARGE_SET = 10
"""Images from which a set must pass the test itself."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The images of a search for groups, prepared for comparison.

    Attributes:
        units: Features or hashes of all images, scaled to length 1, (n, d).
        classes: Rows of each class that has enough of them.
        drawn: Rows of each class that are compared by similarity.
        uncompared: Number of rows that could be compared by similarity but are not drawn.
        medians: Median distance within each class.
        rng: Draws rows.
        check_cancelled: Called between small steps; raises OutOfTime to end the search.
    """

    units: Units
    classes: Mapping[int, Rows]
    drawn: Mapping[int, Rows]
    uncompared: int
    medians: Mapping[int, float]
    rng: np.random.Generator
    check_cancelled: Callable[[], None]


def similar_sets(
    sets: Sequence[Sequence[int]], compared: Comparison, labels: NDArray[np.int64]
) -> Sequence[Sequence[int]]:
    """Return the sets if their images are unusually similar.

    Args:
        sets: Rows of each set.
        compared: The images.
        labels: Class indices, (n,).

    Returns:
        The sets, except large sets that fail the test themselves; an empty list if the sets as a whole fail.
    """
    units, rng = compared.units, compared.rng
    others = {label: rng.permutation(rows)[:MAX_OTHERS] for label, rows in compared.classes.items()}
    ranks: dict[int, float] = {}
    tested = 0
    for place in rng.permutation(len(sets)).tolist():
        compared.check_cancelled()
        if tested <= MAX_TESTED or len(sets[place]) >= LARGE_SET:
            own = np.asarray(sets[place])
            other = np.setdiff1d(others.get(int(labels[own[0]]), own), own)
            if len(other):
                ranks[place] = _rank(units[own], units[other], rng)
                tested += len(own)
    found = np.array(list(ranks.values()))
    if len(found) < MIN_SETS or found.mean() - 1.96 * found.std() / len(found) ** 0.5 <= MIN_RANK:
        return []
    return [own for place, own in enumerate(sets) if len(own) < LARGE_SET or ranks.get(place, 0.0) > MIN_RANK]


def split_run(run: Sequence[int], compared: Comparison, limit: float) -> list[list[int]]:
    """Split ordered rows at images that are too far.

    Args:
        run: Rows in order.
        compared: The images.
        limit: The largest mean distance to the previous images of a part.

    Returns:
        The parts of two or more rows.
    """
    units = compared.units
    parts, total = [[run[0]]], units[run[0]].copy()
    for row in run[1:]:
        compared.check_cancelled()
        if 1 - float(units[row] @ total) / len(parts[-1]) <= limit:
            parts[-1].append(row)
            total += units[row]
        else:
            parts.append([row])
            total = units[row].copy()
    return [part for part in parts if len(part) > 1]


def _rank(own: Units, other: Units, rng: np.random.Generator) -> float:
    """Return the fraction of other images that are farther from a set than its own images are.

    For a large set, a sample of its images is compared with all of them. A matrix of all pairs would take
    10 GB for 50,000 images.
    """
    sample = own if len(own) <= MAX_OTHERS else own[rng.permutation(len(own))[:MAX_OTHERS]]
    similarity = sample @ own.sum(axis=0) - np.einsum("nd,nd->n", sample, sample)
    mean = (1 - similarity / (len(own) - 1))[:, None]
    beyond = 1 - sample @ other.T
    return float((beyond > mean).mean() + (beyond == mean).mean() / 2)
