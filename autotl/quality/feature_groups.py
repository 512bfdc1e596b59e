"""Find sets of images of one class that are far more like one another than like the rest of the class."""

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

DRAWN = 500
"""Images of a class whose distances to one another give its median."""
MOST_COMPARED = 5000
"""Images of a class that are compared with one another, drawn at random if there are more."""
PLAIN, PROJECTED, SLACK = 1000, 128, 1.4
"""Images of a class above which candidates are looked for in so many random directions of the features. A
distance differs by an eighth there, as a standard deviation: candidates may be farther apart by this factor.
"""
NEIGHBOURS = 32
"""Candidates that an image keeps, the nearest ones."""
CELLS = 4_000_000
"""Distances that are computed at once."""
TANGLED = 1500
"""Images linked with one another above which no set in them stands apart."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Linked images of one class, by average linkage.

    Attributes:
        rows: Their rows, (m,).
        inner: Distances among them, (m, m).
        outer: Distance from each to the nearest image that is not linked, (m,).
        merges: The merges of :func:`scipy.cluster.hierarchy.linkage`, (m - 1, 4).
    """

    rows: Rows
    inner: Units
    outer: Units
    merges: NDArray[np.float64]


def median_distance(units: Units, rows: Rows, rng: np.random.Generator) -> float:
    """Return the median cosine distance between two of the rows; ``units`` have length 1."""
    sample = units[rng.permutation(rows)[:DRAWN]]
    pairs = np.triu_indices(len(sample), 1)
    return max(float(np.median((1 - sample @ sample.T)[pairs])), 1e-6)


def drawn(rows: Rows, rng: np.random.Generator) -> Rows:
    """Return the rows of a class that are compared with one another, in order."""
    return np.sort(rng.permutation(rows)[:MOST_COMPARED])


def trees(
    units: Units, rows: Rows, *, limit: float, rng: np.random.Generator, pulse: Callable[[], None]
) -> Iterator[Tree]:
    """Link the rows of one class that are at most ``limit`` apart.

    Args:
        units: Centred features or hashes of all images, of length 1, (n, d).
        rows: Rows of one class, as :func:`drawn` returns them.
        limit: The largest cosine distance of a link.
        rng: Draws directions if there are many rows.
        pulse: Is called before each block of rows and each set, and raises OutOfTime to end the search.

    Yields:
        Each set of linked rows, larger ones than ``TANGLED`` left out.
    """
    class_units = units[rows]
    pairs = _pairs(class_units, limit, rng, pulse)
    n = len(rows)
    links = scipy.sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, part = scipy.sparse.csgraph.connected_components(links, directed=False)
    order = np.argsort(part, kind="stable")
    for linked in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
        if not 2 <= len(linked) <= TANGLED:
            continue
        pulse()
        distances = np.maximum(1 - class_units[linked] @ class_units.T, 0)
        inner = distances[:, linked]
        np.fill_diagonal(inner, 0)
        inner = (inner + inner.T) / 2
        distances[:, linked] = np.inf
        upper = inner[np.triu_indices(len(linked), 1)].astype(np.float64)
        merges = scipy.cluster.hierarchy.linkage(upper, "average")
        yield Tree(rows[linked], inner, distances.min(axis=1), merges)


def set_apart(tree: Tree, *, limit: float, apart: float, most: int) -> list[tuple[int, ...]]:
    """Return the largest sets in the tree that stand apart from the rest of their class.

    The mean distance within a set is at most ``limit``. The nearest image outside is ``apart`` times as far
    away, in the median over its images.

    Args:
        tree: Linked images.
        limit: The largest mean distance.
        apart: How many times as far the others are.
        most: Images that a set may have.
    """
    m = len(tree.rows)
    members: list[Sequence[int]] = [(i,) for i in range(m)]
    for left, right, _, _ in tree.merges.tolist():
        members.append((*members[int(left)], *members[int(right)]))
    taken, found = np.zeros(m, dtype=bool), []
    for place in range(len(tree.merges) - 1, -1, -1):
        own = np.array(members[m + place])
        if len(own) > most or tree.merges[place, 2] > limit or taken[own].any():
            continue
        among = tree.inner[own]
        inside = float(among[:, own].sum()) / (len(own) * (len(own) - 1))
        nearest = tree.outer[own]
        if len(own) < m:
            nearest = np.minimum(nearest, np.delete(among, own, axis=1).min(axis=1))
        if float(np.median(nearest)) >= apart * inside:
            taken[own] = True
            found.append(tuple(sorted(tree.rows[own].tolist())))
    return found


def _pairs(units: Units, limit: float, rng: np.random.Generator, pulse: Callable[[], None]) -> Rows:
    """Pairs (pairs, 2) at most ``limit`` apart, of each row the nearest ones."""
    n, width = units.shape
    looked, bound = units, limit
    if n > PLAIN and width > PROJECTED:
        looked = units @ rng.normal(size=(width, PROJECTED)).astype(np.float32)
        looked /= np.maximum(np.linalg.norm(looked, axis=1, keepdims=True), 1e-12)
        bound = SLACK * limit
    found = [np.empty((0, 2), dtype=np.int64)]
    step = max(1, CELLS // n)
    for start in range(0, n, step):
        pulse()
        distances = 1 - looked[start : start + step] @ looked.T
        distances[np.arange(len(distances)), np.arange(start, start + len(distances))] = np.inf
        near = np.flatnonzero((distances <= bound).any(axis=1))
        kept = min(NEIGHBOURS, n - 1)
        columns = np.argpartition(distances[near], kept - 1, axis=1)[:, :kept]
        pairs = np.column_stack([np.repeat(near + start, kept), columns.ravel()])
        close = np.einsum("nd,nd->n", looked[pairs[:, 0]], looked[pairs[:, 1]]) >= 1 - bound
        pairs = pairs[close]
        if looked is not units:
            pairs = pairs[np.einsum("nd,nd->n", units[pairs[:, 0]], units[pairs[:, 1]]) >= 1 - limit]
        found.append(pairs)
    return np.concatenate(found)
