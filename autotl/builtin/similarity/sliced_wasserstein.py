"""Measure the Wasserstein distance between target and source along random directions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference, Similarity

Rows = NDArray[np.float64]

DIRECTIONS = 128


class SlicedWasserstein:
    """The mean squared 2-Wasserstein distance along 128 fixed random directions.

    The directions have length 1, so that the value grows with the squared distance per feature.
    """

    name = "sliced_wasserstein"
    summary = "squared 2-Wasserstein distance of the features along random directions"
    reference = "Bonneel et al., Sliced and Radon Wasserstein Barycenters, JMIV 51, 2015"

    def distance(self, features: Rows, source: Reference) -> float:
        return self.distances(features, source, [np.arange(len(features))])[0]

    def distances(
        self, features: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
    ) -> list[float]:
        """Return the distances of several subsets of the rows.

        All rows are projected once.

        Args:
            features: Features of the target, (n, d).
            source: The source.
            subsets: The rows of each subset.
        """
        directions = np.random.default_rng(0).standard_normal((features.shape[1], DIRECTIONS))
        directions /= np.linalg.norm(directions, axis=0)
        x, y = features @ directions, np.sort(source.sample @ directions, axis=0)
        return [_mean_squared_gap(np.sort(x[chosen], axis=0), y) for chosen in subsets]


def _mean_squared_gap(x: Rows, y: Rows) -> float:
    """Return the mean over columns of ∫ (F⁻¹ − G⁻¹)².

    The columns are sorted, (n, k) and (m, k).
    """
    n, m = len(x), len(y)
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)  # in units of 1/nm, exact
    widths = np.diff(ends, prepend=0) / (n * m)
    gaps = x[(ends - 1) // m] - y[(ends - 1) // n]  # both quantile functions are step functions
    return float((widths @ gaps**2).mean())


@hookimpl
def autotl_similarities() -> Iterable[Similarity]:
    return [SlicedWasserstein()]
