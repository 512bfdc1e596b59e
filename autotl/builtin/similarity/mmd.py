"""The maximum mean discrepancy between the target's features and the source's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference, Similarity
from autotl.builtin.similarity.two_sample import (
    MOST,
    mean_of_pairs,
    permutation_p,
    spaced,
    squares_between,
    unbiased,
)

Rows = NDArray[np.float64]


class Mmd:
    """The squared discrepancy in the space of an RBF kernel exp(−γ d²), unbiased: it may fall below zero.

    γ is 1 over the median squared distance between two of the source's own images, unless given: the unit is
    then the source's, whatever the target is.

    >>> source = Reference(np.zeros(1), np.eye(1), np.array([[0.0], [1.0]]), n=2, side=64, origin="shipped")
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
        """The distances of several subsets of the same rows; every pair of rows is compared once."""
        own = squares_between(source.sample, source.sample)
        gamma = self._width(own)
        within = np.exp(-gamma * squares_between(features, features))
        across = np.exp(-gamma * squares_between(features, source.sample))
        return unbiased(within, across, mean_of_pairs(np.exp(-gamma * own)), subsets)

    def p_value(self, features: Rows, source: Reference) -> float:
        """By 500 permutations of at most 400 rows a side."""
        x, y = spaced(features, MOST), spaced(source.sample, MOST)
        gamma = self._width(squares_between(y, y))
        rows = np.concatenate([x, y])
        return permutation_p(np.exp(-gamma * squares_between(rows, rows)), len(x))

    def _width(self, squares: Rows) -> float:
        if self._gamma is not None:
            return self._gamma
        middle = float(np.median(squares[np.triu_indices(len(squares), 1)]))
        return 1 / middle if middle > 0 else 1.0


@hookimpl
def autotl_similarities() -> Iterable[Similarity]:
    return [Mmd()]
