"""Cluster unit rows with k-means, and assign rows to centres."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autotl.exploration.grouping.reduction import BLOCK, Matrix, unit_rows

MAX_FULL_ROWS = 20_000
"""Rows up to which k-means uses all rows in each step; above, mini-batches of ``BLOCK`` rows."""
STARTS = 10
"""Random starts; the best one is kept."""

Ids = NDArray[np.int64]


def k_means(rows: Matrix, k: int, *, seed: int, starts: int = STARTS) -> Ids:
    """Return the k-means cluster of each row, int64 (n,).

    Args:
        rows: The rows, (n, d).
        k: The number of clusters.
        seed: The seed of the starts.
        starts: The number of starts.
    """
    from sklearn.cluster import KMeans, MiniBatchKMeans

    if len(rows) <= MAX_FULL_ROWS:
        solver = KMeans(k, n_init=starts, random_state=seed)
    else:
        solver = MiniBatchKMeans(k, n_init=starts, batch_size=BLOCK, random_state=seed)
    return np.asarray(solver.fit_predict(rows), dtype=np.int64)


def centres_of(rows: Matrix, ids: Ids) -> Matrix:
    """Return the mean direction of each cluster, (k, d).

    Rows of id -1 are left out.
    """
    k = int(ids.max()) + 1
    sums = np.zeros((max(k, 1), rows.shape[1]), dtype=np.float64)
    inside = ids >= 0
    np.add.at(sums, ids[inside], rows[inside])
    return unit_rows(sums)


def cosines_to(rows: Matrix, centres: Matrix) -> Matrix:
    """Return the cosine of each unit row to its nearest centre, (n,)."""
    parts = [(rows[start : start + BLOCK] @ centres.T).max(axis=1) for start in range(0, len(rows), BLOCK)]
    return np.concatenate(parts).astype(np.float32)


def by_size(ids: Ids) -> Ids:
    """Return the same clusters numbered by size, the largest 0; -1 stays."""
    names, counts = np.unique(ids[ids >= 0], return_counts=True)
    order = names[np.argsort(-counts, kind="stable")]
    numbers = np.full(int(ids.max()) + 2, -1)  # the last entry is that of -1
    numbers[order] = np.arange(len(order))
    found: Ids = numbers[ids]
    return found
