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
NULL_DRAWS, NULL_SUBSAMPLES = 5, 5
"""Data sets without clusters, and the subsamples of each."""
SHARE = 0.8
"""The size of a subsample, as Ben-Hur et al. suggest."""
STARTS = 2
"""Random starts of each k-means."""
MIN_PER_CLUSTER = 5
"""Rows per cluster that the largest number of clusters leaves."""
EVERY_K = 10
"""Each number of clusters is tried up to this one; above, each is a fifth larger than the one before."""
CLEAR_MEAN, CLEAR_GAIN, CLEAR_DEVIATIONS = 0.8, 0.3, 4.0
"""The least stability, gain, and excess of explained variance in standard deviations of clear clusters."""

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
        null_mean: The mean agreement on Gaussian data of the same mean and covariance.
        null_error: The standard deviation of that agreement over data sets. It is no standard error, because
            the images are a single data set, too.
        explained: The share of the variance between the centres of the clusters, in [0, 1].
        null_explained: The mean share on data without clusters.
        null_explained_error: The standard deviation of that share over data sets.
    """

    k: int
    mean: float
    spread: float
    error: float
    null_mean: float
    null_error: float
    explained: float = 0.0
    null_explained: float = 0.0
    null_explained_error: float = 0.0

    @property
    def gain(self) -> float:
        """The share of the possible gain on data without clusters."""
        return (self.mean - self.null_mean) / max(1 - self.null_mean, 1e-3)

    @property
    def gain_error(self) -> float:
        """The error of the gain, with the variation of data without clusters."""
        return math.hypot(self.error, self.null_error) / max(1 - self.null_mean, 1e-3)

    @property
    def is_clear(self) -> bool:
        """Whether the clusters are stable, and more compact than chance explains.

        A single elongated cloud is cut into two halves stably, but these are not compact.
        """
        compact = self.explained - self.null_explained > CLEAR_DEVIATIONS * self.null_explained_error
        return self.mean >= CLEAR_MEAN and self.gain >= CLEAR_GAIN and compact


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
        rows: The components, (n, d). Clustered are rows of length 1.
        numbers: The numbers of clusters.
        seed: The seed of the subsamples and of k-means.
    """
    sample = rows[sample_rows(len(rows), MAX_ROWS, seed=derive(seed, "stability"))]
    nulls, sample = null_draws(sample, seed=seed), unit_rows(sample)
    found = []
    for done, k in enumerate(numbers):
        report_progress("measuring the stability of clusters", done, len(numbers))

        def cluster(part: Matrix, start: int, k: int = k) -> Ids:
            return k_means(part, k, seed=start, starts=STARTS)

        mean, spread, error = agreement(sample, cluster, seed=derive(seed, "k", k))
        null = null_agreement(nulls, cluster, seed=derive(seed, k))
        shares = compactness(sample, nulls, cluster, seed=derive(seed, "whole", k) % 2**31)
        found.append(Stability(k, mean, spread, error, *null, *shares))
    return found


def choose_number(measured: Sequence[Stability]) -> Stability:
    """Return the number of clusters to use.

    Clear ones come first. Among these it is the largest one whose gain is within a standard error of the
    best. Coarser divisions of clear clusters are often as stable, and the finest one shows most.

    Args:
        measured: The stability by number of clusters.
    """
    usable = [each for each in measured if each.is_clear] or measured
    best = max(usable, key=lambda each: each.gain)
    least = best.gain - best.error / max(1 - best.null_mean, 1e-3)
    within = [each for each in usable if each.gain >= least]
    return max(within, key=lambda each: each.k)


def agreement(
    rows: Matrix, cluster: Cluster, *, seed: int, subsamples: int = SUBSAMPLES
) -> tuple[float, float, float]:
    """Return mean, spread and standard error of the agreement of subsamples.

    The agreement of two clusterings without any cluster is 0.

    Args:
        rows: The rows, (n, d).
        cluster: Clusters a subsample with a seed.
        seed: The seed of the subsamples.
        subsamples: Their number.
    """
    from sklearn.metrics import adjusted_rand_score
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(seed)
    size = max(2, round(SHARE * len(rows)))
    drawn = [np.sort(rng.choice(len(rows), size, replace=False)) for _ in range(subsamples)]
    ids = np.full((subsamples, len(rows)), -2)
    with threadpool_limits(1):  # threads wait longer for each other than they work on so few rows
        for number, part in enumerate(drawn):
            ids[number, part] = cluster(rows[part], derive(seed, number) % 2**31)
    scores = np.eye(subsamples)
    for one, other in itertools.combinations(range(subsamples), 2):
        shared = (ids[one] > -2) & (ids[other] > -2)
        alone = (ids[one, shared] < 0).all() and (ids[other, shared] < 0).all()
        # two clusterings without any cluster agree on nothing, although their index is 1
        score = 0.0 if alone else adjusted_rand_score(ids[one, shared], ids[other, shared])
        scores[one, other] = scores[other, one] = score
    return _summary(scores)


def null_draws(rows: Matrix, *, seed: int) -> list[Matrix]:
    """Return several data sets without clusters."""
    return [without_clusters(rows, seed=derive(seed, "null", draw)) for draw in range(NULL_DRAWS)]


def null_agreement(nulls: Sequence[Matrix], cluster: Cluster, *, seed: int) -> tuple[float, float]:
    """Return mean and standard deviation of the agreement over data sets.

    Args:
        nulls: The data sets.
        cluster: Clusters a subsample with a seed.
        seed: The seed of the subsamples.
    """
    means = [
        agreement(rows, cluster, seed=derive(seed, "null", draw), subsamples=NULL_SUBSAMPLES)[0]
        for draw, rows in enumerate(nulls)
    ]
    return float(np.mean(means)), float(np.std(means, ddof=1))


def compactness(
    rows: Matrix, nulls: Sequence[Matrix], cluster: Cluster, *, seed: int
) -> tuple[float, float, float]:
    """Return the explained variance, and its mean and deviation without clusters.

    Args:
        rows: The rows, (n, d).
        nulls: Data sets without clusters.
        cluster: Clusters rows with a seed.
        seed: The seed of the clusterings.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        shares = [explained_variance(each, cluster(each, seed)) for each in (rows, *nulls)]
    return shares[0], float(np.mean(shares[1:])), float(np.std(shares[1:], ddof=1))


def explained_variance(rows: Matrix, ids: Ids) -> float:
    """Return the share of the variance between the centres of clusters.

    Rows of id -1 have the mean of all rows as their centre.
    """
    mean = rows.mean(axis=0, dtype=np.float64)
    total = float(((rows - mean) ** 2).sum())
    between = sum(
        int((ids == cluster).sum()) * float(((rows[ids == cluster].mean(axis=0) - mean) ** 2).sum())
        for cluster in np.unique(ids[ids >= 0])
    )
    return between / max(total, 1e-12)


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
