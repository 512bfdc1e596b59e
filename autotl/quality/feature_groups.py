"""Find sets of unusually similar images in a class."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from autotl.importing.lazy import lazy_module

if TYPE_CHECKING:
    import scipy.cluster.hierarchy
    import scipy.sparse.csgraph
else:  # slow to import
    scipy = lazy_module("scipy")

Units = NDArray[np.float32]
Rows = NDArray[np.int64]

MEDIAN_SAMPLE = 500
"""The number of images of a class whose pairwise distances give its median distance."""
MAX_COMPARED = 5000
"""The largest number of images of a class that are compared with each other; others are drawn at random."""
MIN_PROJECTED, PROJECTED, SLACK = 1000, 128, 1.4
"""Candidate pairs of a larger class are found in a random projection to so many dimensions.

The standard deviation of a projected distance is an eighth of it, so the limit is multiplied by ``SLACK``.
"""
NEIGHBOURS = 32
"""The largest number of candidate pairs of an image, the nearest ones."""
CELLS = 4_000_000
"""Distances in memory at once."""
MAX_LINKED = 1500
"""The largest number of linked images in which a set can stand apart."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Linked images of one class, clustered by average linkage.

    Attributes:
        rows: Their rows, (m,).
        inner: Distances between them, (m, m).
        outer: Distance from each image to the nearest image that is not linked, (m,).
        merges: The merges of :func:`scipy.cluster.hierarchy.linkage`, (m - 1, 4).
    """

    rows: Rows
    inner: Units
    outer: Units
    merges: NDArray[np.float64]


def median_distance(units: Units, rows: Rows, rng: np.random.Generator) -> float:
    """Return the median cosine distance between images of a class.

    Args:
        units: Features of all images, scaled to length 1, (n, d).
        rows: The rows of the class.
        rng: Draws the images to compare.
    """
    sample = units[rng.permutation(rows)[:MEDIAN_SAMPLE]]
    pairs = np.triu_indices(len(sample), 1)
    return max(float(np.median((1 - sample @ sample.T)[pairs])), 1e-6)


def drawn(rows: Rows, rng: np.random.Generator) -> Rows:
    """Draw the rows of a class to compare, in order."""
    return np.sort(rng.permutation(rows)[:MAX_COMPARED])


def trees(
    units: Units,
    rows: Rows,
    *,
    limit: float,
    rng: np.random.Generator,
    check_cancelled: Callable[[], None],
) -> Iterator[Tree]:
    """Link the images of one class that are near each other.

    Args:
        units: Centred features or hashes of all images, scaled to length 1, (n, d).
        rows: Rows of one class, as returned by :func:`drawn`.
        limit: The largest cosine distance of a link.
        rng: Draws the projection.
        check_cancelled: Called before each block of rows and each set; raises OutOfTime to end the search.

    Yields:
        Each set of linked images, except those larger than ``MAX_LINKED``.
    """
    class_units = units[rows]
    pairs = _near_pairs(class_units, limit, rng, check_cancelled)
    n = len(rows)
    links = scipy.sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, part = scipy.sparse.csgraph.connected_components(links, directed=False)
    order = np.argsort(part, kind="stable")
    for linked in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
        if not 2 <= len(linked) <= MAX_LINKED:
            continue
        check_cancelled()
        distances = np.maximum(1 - class_units[linked] @ class_units.T, 0)
        inner = distances[:, linked]
        np.fill_diagonal(inner, 0)
        inner = (inner + inner.T) / 2
        distances[:, linked] = np.inf
        upper = inner[np.triu_indices(len(linked), 1)].astype(np.float64)
        merges = scipy.cluster.hierarchy.linkage(upper, "average")
        yield Tree(rows[linked], inner, distances.min(axis=1), merges)


def set_apart(tree: Tree, *, limit: float, apart: float, max_size: int) -> list[tuple[int, ...]]:
    """Return the largest sets of a tree that are separate.

    A set is separate if it stands apart from the rest of its class.

    Args:
        tree: Linked images.
        limit: The largest mean distance within a set.
        apart: The smallest distance to the nearest image outside, as a multiple of the mean distance within.
            It is the median over the images of the set.
        max_size: The largest number of images in a set.
    """
    m = len(tree.rows)
    members: list[Sequence[int]] = [(i,) for i in range(m)]
    for left, right, _, _ in tree.merges.tolist():
        members.append((*members[int(left)], *members[int(right)]))
    used, found = np.zeros(m, dtype=bool), []
    for merge in range(len(tree.merges) - 1, -1, -1):
        own = np.array(members[m + merge])
        if len(own) > max_size or tree.merges[merge, 2] > limit or used[own].any():
            continue
        to_linked = tree.inner[own]
        inside = float(to_linked[:, own].sum()) / (len(own) * (len(own) - 1))
        nearest = tree.outer[own]
        if len(own) < m:
            nearest = np.minimum(nearest, np.delete(to_linked, own, axis=1).min(axis=1))
        if float(np.median(nearest)) >= apart * inside:
            used[own] = True
            found.append(tuple(sorted(tree.rows[own].tolist())))
    return found


def _near_pairs(
    units: Units, limit: float, rng: np.random.Generator, check_cancelled: Callable[[], None]
) -> Rows:
    """Return pairs (pairs, 2) at most ``limit`` apart, at most the nearest 32 of each row."""
    n, width = units.shape
    compared, bound = units, limit
    if n > MIN_PROJECTED and width > PROJECTED:
        compared = units @ rng.normal(size=(width, PROJECTED)).astype(np.float32)
        compared /= np.maximum(np.linalg.norm(compared, axis=1, keepdims=True), 1e-12)
        bound = SLACK * limit
    found = [np.empty((0, 2), dtype=np.int64)]
    step = max(1, CELLS // n)
    for start in range(0, n, step):
        check_cancelled()
        distances = 1 - compared[start : start + step] @ compared.T
        distances[np.arange(len(distances)), np.arange(start, start + len(distances))] = np.inf
        near = np.flatnonzero((distances <= bound).any(axis=1))
        kept = min(NEIGHBOURS, n - 1)
        columns = np.argpartition(distances[near], kept - 1, axis=1)[:, :kept]
        pairs = np.column_stack([np.repeat(near + start, kept), columns.ravel()])
        close = np.einsum("nd,nd->n", compared[pairs[:, 0]], compared[pairs[:, 1]]) >= 1 - bound
        pairs = pairs[close]
        if compared is not units:
            pairs = pairs[np.einsum("nd,nd->n", units[pairs[:, 0]], units[pairs[:, 1]]) >= 1 - limit]
        found.append(pairs)
    return np.concatenate(found)
