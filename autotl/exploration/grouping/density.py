"""Cluster rows by density with HDBSCAN, on a sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autotl.exploration.grouping.clustering import Ids, by_size, k_means
from autotl.exploration.grouping.reduction import BLOCK, Matrix, sample_rows, unit_rows
from autotl.exploration.grouping.stability import (
    MAX_ROWS,
    Stability,
    agreement,
    compactness,
    explained_variance,
    null_agreement,
    null_draws,
)
from autotl.seeds import derive

FIT_ROWS = 4000
"""Rows that HDBSCAN clusters: its time grows with the square of the rows."""
DIMENSIONS = 16
"""Components that HDBSCAN uses: in more dimensions, hardly any region is dense."""
MIN_SHARE, MIN_SIZE = 0.01, 5
"""The smallest cluster, as a share of the rows and in rows."""
MAX_NOISE = 0.3
"""The largest share of rows in no cluster, if HDBSCAN is to replace k-means."""


@dataclass(frozen=True, slots=True)
class Density:
    """The clusters that HDBSCAN finds.

    ``ids`` (n,) are -1 for rows in no dense region. ``noise`` is their share.
    """

    ids: Ids
    noise: float
    stability: Stability

    @property
    def k(self) -> int:
        """The number of clusters."""
        return int(self.ids.max()) + 1

    def replaces(self, other: Stability) -> bool:
        """Return whether these clusters are clear, and better than k-means.

        Args:
            other: The stability of k-means.
        """
        if self.k < 2 or self.noise > MAX_NOISE or not self.stability.is_clear:
            return False
        errors = self.stability.gain_error + other.gain_error
        return not other.is_clear or self.stability.gain - other.gain > errors


def find_dense_clusters(rows: Matrix, *, seed: int) -> Density:
    """Cluster by density; rows outside the sample join their nearest sampled row.

    Args:
        rows: The components, (n, d). Clustered are rows of length 1.
        seed: The seed of the samples.
    """
    scores = np.ascontiguousarray(rows[:, :DIMENSIONS])
    reduced = unit_rows(scores)
    chosen = sample_rows(len(rows), FIT_ROWS, seed=derive(seed, "density"))
    of_sample = _hdbscan(reduced[chosen])
    ids = by_size(_nearest(reduced, reduced[chosen], of_sample))
    return Density(ids, float((ids < 0).mean()), _stability(scores, int(ids.max()) + 1, seed=seed))


def _stability(rows: Matrix, k: int, *, seed: int) -> Stability:
    sample = rows[sample_rows(len(rows), MAX_ROWS, seed=derive(seed, "stability"))]
    nulls, sample = null_draws(sample, seed=seed), unit_rows(sample)

    def cluster(part: Matrix, _: int) -> Ids:
        return _hdbscan(part)

    mean, spread, error = agreement(sample, cluster, seed=derive(seed, "dense"))
    null_mean, null_error = null_agreement(nulls, cluster, seed=derive(seed, "dense"))

    def divide(part: Matrix, start: int) -> Ids:
        return k_means(part, max(k, 2), seed=start)

    # HDBSCAN often finds nothing in data without clusters: k-means divides it best into as many
    _, *null_shares = compactness(sample, nulls, divide, seed=derive(seed, "whole") % 2**31)
    explained = explained_variance(sample, _hdbscan(sample))
    return Stability(k, mean, spread, error, null_mean, null_error, explained, *null_shares)


def _hdbscan(rows: Matrix) -> Ids:
    from sklearn.cluster import HDBSCAN

    size = max(MIN_SIZE, round(MIN_SHARE * len(rows)))
    found = HDBSCAN(min_cluster_size=size, min_samples=MIN_SIZE, copy=True).fit_predict(rows)
    return np.asarray(found, dtype=np.int64)


def _nearest(rows: Matrix, sample: Matrix, ids: Ids) -> Ids:
    """Return the id of the sampled row that is nearest to each row."""
    lengths = (sample**2).sum(axis=1)
    found = np.empty(len(rows), dtype=np.int64)
    for start in range(0, len(rows), BLOCK):
        part = rows[start : start + BLOCK]
        found[start : start + BLOCK] = ids[(lengths - 2 * part @ sample.T).argmin(axis=1)]
    return found
