"""The energy distance between the target's features and the source's."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference

Rows = NDArray[np.float64]


class Energy:
    """2 E|x - y| - E|x - x'| - E|y - y'|, between the target's rows x and the source's sample y.

    Zero on average for rows of the source's own distribution, whatever that is and however few they are; a
    single estimate may fall a little below zero.

    >>> sample = np.array([[0.0], [2.0]])
    >>> source = Reference(np.ones(1), np.full((1, 1), 2.0), sample, n=2, side=64, origin="shipped")
    >>> Energy().distance(np.array([[5.0], [7.0]]), source)
    6.0
    """

    name = "energy"
    summary = "energy distance of the features; assumes no distribution, fair to few images"
    reference = "Székely & Rizzo, Journal of Statistical Planning and Inference 143, 2013"

    def distance(self, features: Rows, source: Reference) -> float:
        return self.distances(features, source, [np.arange(len(features))])[0]

    def distances(
        self, features: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
    ) -> list[float]:
        """The distances of several subsets of the same rows; every pair of rows is compared once."""
        across = _between(features, source.sample).mean(1)  # (n,)
        within = _between(features, features)  # (n, n)
        source_within = _mean_of_pairs(_between(source.sample, source.sample))
        return [
            float(2 * across[chosen].mean() - _mean_of_pairs(within[np.ix_(chosen, chosen)]) - source_within)
            for chosen in subsets
        ]


def _between(a: Rows, b: Rows) -> Rows:
    """The Euclidean distance of each row of ``a`` to each of ``b``: (n, m)."""
    centre = b.mean(0)  # a common offset would cost digits in the squares
    a, b = a - centre, b - centre
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * (a @ b.T)
    distances: Rows = np.sqrt(np.maximum(squares, 0))
    return distances


def _mean_of_pairs(distances: Rows) -> float:
    """The mean distance between two different rows."""
    n = len(distances)
    return float((distances.sum() - np.trace(distances)) / (n * (n - 1)))


@hookimpl
def autotl_similarities() -> list[Energy]:
    return [Energy()]
