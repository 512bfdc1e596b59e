"""Measure the energy distance between the features of target and source."""

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


class Energy:
    """The energy distance between the target and the source's sample.

    It is 2 E|x − y| − E|x − x'| − E|y − y'|, with the target's rows x and the sample y. The estimate is
    unbiased: for rows of the source's own distribution its mean is 0, and single values may be slightly
    negative.

    >>> sample = np.array([[0.0], [2.0]])
    >>> source = Reference(np.ones(1), np.full((1, 1), 2.0), sample, n=2, input_size=64, origin="shipped")
    >>> Energy().distance(np.array([[5.0], [7.0]]), source)
    6.0
    """

    name = "energy"
    steers = True
    summary = "energy distance of the features; assumes no distribution, fair to few images"
    reference = "Székely & Rizzo, Journal of Statistical Planning and Inference 143, 2013"

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
        within, across = _kernel(features, features), _kernel(features, source.sample)
        return unbiased_distances(
            within, across, mean_of_pairs(_kernel(source.sample, source.sample)), subsets
        )

    def p_value(self, features: Rows, source: Reference) -> float:
        """Return the p-value of a permutation test.

        It uses 500 permutations of at most 400 rows of each sample.
        """
        x = evenly_spaced(features, MAX_TEST_ROWS)
        rows = np.concatenate([x, evenly_spaced(source.sample, MAX_TEST_ROWS)])
        return permutation_p(_kernel(rows, rows), len(x))


def _kernel(a: Rows, b: Rows) -> Rows:
    """Return minus the distance.

    Its MMD is the energy distance (Sejdinovic et al., Ann. Stat. 41, 2013).
    """
    kernel: Rows = -np.sqrt(squared_distances(a, b))
    return kernel


@hookimpl
def autotl_similarities() -> Iterable[Similarity]:
    return [Energy()]
