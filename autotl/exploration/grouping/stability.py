"""Choose the number of clusters by the stability of the clustering.

References: Ben-Hur, Elisseeff and Guyon, A stability based method for discovering structure in clustered
data, 2002. Lange, Roth, Braun and Buhmann, Stability-based validation of clustering solutions, 2004.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.exploration.grouping.clustering import Ids, k_means
from autotl.exploration.grouping.reduction import Matrix, sample_rows, unit_rows
from autotl.progress import report_progress
from autotl.seeds import derive

MAX_ROWS = 2000
"""Rows on which stability is measured; more rows make it no more exact than more subsamples do."""
SUBSAMPLES = 10
SHARE = 0.8
"""The size of a subsample, as Ben-Hur et al. suggest."""
STARTS = 3
"""Random starts of each k-means."""
MIN_PER_CLUSTER = 5
"""Rows per cluster that the largest number of clusters leaves."""
EVERY_K = 10
"""Each number of clusters is tried up to this one; above, each is a fifth larger than the one before."""
CLEAR_MEAN, CLEAR_GAIN, CLEAR_ERRORS = 0.6, 0.3, 3.0
"""The least stability, gain, and gain in standard errors of clear clusters."""

Cluster = Callable[[Matrix, int], Ids]
"""Clusters rows with a seed."""


@dataclass(frozen=True, slots=True)
class Stability:
    """The agreement of clusterings of random subsamples, adjusted for chance.

    Agreement is the adjusted Rand index on the rows that two subsamples share: 1 if they agree, 0 by chance.

    Attributes:
        k: The number of clusters.
        mean: The mean agreement of two subsamples.
        spread: The standard deviation over pairs of subsamples.
        error: The standard error of the mean.
        null_mean: The mean agreement on data without clusters, which has the same mean and covariance.
        null_error: The standard error of ``null_mean``.
    """

    k: int
    mean: float
    spread: float
    error: float
    null_mean: float
    null_error: float

    @property
    def gain(self) -> float:
        """The stability above data without clusters, as a share of the possible gain; 1 at most."""
        return (self.mean - self.null_mean) / max(1 - self.null_mean, 1e-3)

    @property
    def gain_error(self) -> float:
        """The standard error of the gain."""
        return math.hypot(self.error, self.null_error) / max(1 - self.null_mean, 1e-3)

    @property
    def is_clear(self) -> bool:
        """Whether the clusters are stable, and more so than chance explains."""
        needed = max(CLEAR_GAIN, CLEAR_ERRORS * self.gain_error)
        return self.mean >= CLEAR_MEAN and self.gain >= needed


def numbers_to_try(rows: int, most: int) -> list[int]:
    """Return the numbers of clusters to try, ascending, at most ``most``."""
    most = max(2, min(most, rows // MIN_PER_CLUSTER))
    found, k = [], 2
    while k < most:
        found.append(k)
        k = k + 1 if k < EVERY_K else math.ceil(1.2 * k)
    return [*found, most]


def measure_stability(rows: Matrix, numbers: Sequence[int], *, seed: int) -> list[Stability]:
    """Measure the stability of k-means for each number of clusters.

    Args:
        rows: Unit rows, (n, d).
        numbers: The numbers of clusters.
        seed: The seed of the subsamples and of k-means.
    """
    sample = rows[sample_rows(len(rows), MAX_ROWS, seed=derive(seed, "stability"))]
    null = without_clusters(sample, seed=derive(seed, "null"))
    found = []
    for done, k in enumerate(numbers):
        report_progress("measuring the stability of clusters", done, len(numbers))

        def cluster(part: Matrix, start: int, k: int = k) -> Ids:
            return k_means(part, k, seed=start, starts=STARTS)

        mean, spread, error = agreement(sample, cluster, seed=derive(seed, "k", k))
        null_mean, _, null_error = agreement(null, cluster, seed=derive(seed, "null", k))
        found.append(Stability(k, mean, spread, error, null_mean, null_error))
    return found


def choose_number(measured: Sequence[Stability]) -> Stability:
    """Return the number of clusters to use.

    It is the largest one whose gain is within one standard error of the best. Coarser divisions of clear
    clusters are often as stable, and the finest one shows most.

    Args:
        measured: The stability by number of clusters.
    """
    best = max(measured, key=lambda each: each.gain)
    within = [each for each in measured if each.gain >= best.gain - best.gain_error]
    return max(within, key=lambda each: each.k)


def agreement(rows: Matrix, cluster: Cluster, *, seed: int) -> tuple[float, float, float]:
    """Return mean, spread and standard error of the agreement of subsamples.

    Args:
        rows: The rows, (n, d).
        cluster: Clusters a subsample with a seed.
        seed: The seed of the subsamples.
    """
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.default_rng(seed)
    size = max(2, round(SHARE * len(rows)))
    drawn = [np.sort(rng.choice(len(rows), size, replace=False)) for _ in range(SUBSAMPLES)]
    ids = np.full((SUBSAMPLES, len(rows)), -2)
    for number, part in enumerate(drawn):
        ids[number, part] = cluster(rows[part], derive(seed, number) % 2**31)
    scores = np.eye(SUBSAMPLES)
    for one, other in itertools.combinations(range(SUBSAMPLES), 2):
        shared = (ids[one] > -2) & (ids[other] > -2)
        score = adjusted_rand_score(ids[one, shared], ids[other, shared])
        scores[one, other] = scores[other, one] = score
    return _summary(scores)


def without_clusters(rows: Matrix, *, seed: int) -> Matrix:
    """Return Gaussian unit rows of the same mean and covariance."""
    rng = np.random.default_rng(seed)
    covariance = np.atleast_2d(np.cov(rows, rowvar=False, dtype=np.float64))
    values, vectors = np.linalg.eigh(covariance)
    drawn = rng.normal(size=rows.shape) * np.sqrt(np.maximum(values, 0)) @ vectors.T
    return unit_rows(drawn + rows.mean(axis=0, dtype=np.float64))


def _summary(scores: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return mean, spread and standard error of pairwise scores.

    Pairs that share a subsample are not independent, so the error is that of a U-statistic of two arguments.
    """
    n = len(scores)
    pairs = scores[np.triu_indices(n, 1)]
    of_each = (scores.sum(axis=1) - 1) / (n - 1)
    error = 2 * float(of_each.std(ddof=1)) / math.sqrt(n)
    return float(pairs.mean()), float(pairs.std(ddof=1)), error
