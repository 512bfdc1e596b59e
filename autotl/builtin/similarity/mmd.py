"""Measure the maximum mean discrepancy between the features of target and source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference, Similarity
from autotl.builtin.similarity.two_sample import (
    MAX_TEST_ROWS,
    evenly_spaced,
    mean_of_pairs,
    permutation_p,
    squared_distances,
    unbiased_distances,
)

Rows = NDArray[np.float64]


class Mmd:
    """The unbiased squared MMD under an RBF kernel exp(−γ d²).

    It may be negative. The default of γ is 1 over the median squared distance between two source images, so
    that the unit does not depend on the target.

    >>> sample = np.array([[0.0], [1.0]])
    >>> source = Reference(np.zeros(1), np.eye(1), sample, n=2, input_size=64, origin="shipped")
    >>> round(Mmd(gamma=1.0).distance(np.array([[0.0], [1.0]]), source), 3)  # the same rows: below zero
    -0.632
    """

    name = "mmd"
    summary = "squared maximum mean discrepancy of the features, RBF kernel, with a permutation test"
    reference = "Gretton et al., A Kernel Two-Sample Test, JMLR 13, 2012"

    def __init__(self, gamma: float | None = None) -> None:
        self._gamma = gamma

    def distance(self, features: Rows, source: Reference) -> float:
        return self.distances(features, source, [np.arange(len(features))])[0]

    def distances(
        self, features: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
    ) -> list[float]:
        """Return the distances of several subsets of the rows.

        Each pair of rows is compared once.

        Args:
            features: Features of the target, (n, d).
            source: The source.
            subsets: The rows of each subset.
        """
        own = squared_distances(source.sample, source.sample)
        gamma = self._gamma_for(own)
        within = np.exp(-gamma * squared_distances(features, features))
        across = np.exp(-gamma * squared_distances(features, source.sample))
        return unbiased_distances(within, across, mean_of_pairs(np.exp(-gamma * own)), subsets)

    def p_value(self, features: Rows, source: Reference) -> float:
        """Return the p-value of a permutation test.

        It uses 500 permutations of at most 400 rows of each sample.
        """
        x, y = evenly_spaced(features, MAX_TEST_ROWS), evenly_spaced(source.sample, MAX_TEST_ROWS)
        gamma = self._gamma_for(squared_distances(y, y))
        rows = np.concatenate([x, y])
        return permutation_p(np.exp(-gamma * squared_distances(rows, rows)), len(x))

    def _gamma_for(self, squares: Rows) -> float:
        if self._gamma is not None:
            return self._gamma
        median = float(np.median(squares[np.triu_indices(len(squares), 1)]))
        return 1 / median if median > 0 else 1.0


@hookimpl
def autotl_similarities() -> Iterable[Similarity]:
    return [Mmd()]
