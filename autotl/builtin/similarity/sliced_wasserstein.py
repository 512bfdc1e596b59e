"""The Wasserstein distance between the target's features and the source's, along random directions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference, Similarity

Rows = NDArray[np.float64]

DIRECTIONS = 128


class SlicedWasserstein:
    """The mean over 128 fixed random directions of the squared 2-Wasserstein distance along them.

    Directions are of length 1, so that it grows with the squared distance divided by the number of features.
    """

    name = "sliced_wasserstein"
    summary = "squared 2-Wasserstein distance of the features along random directions"
    reference = "Bonneel et al., Sliced and Radon Wasserstein Barycenters, JMIV 51, 2015"

    def distance(self, features: Rows, source: Reference) -> float:
        return self.distances(features, source, [np.arange(len(features))])[0]

    def distances(
        self, features: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
    ) -> list[float]:
        """The distances of several subsets of the same rows; all are projected once."""
        import ot  # takes seconds, and only this needs it

        optimal: Any = ot  # it is typed in part
        directions = np.random.default_rng(0).standard_normal((features.shape[1], DIRECTIONS))
        directions /= np.linalg.norm(directions, axis=0)
        x, y = features @ directions, source.sample @ directions
        return [float(np.mean(optimal.wasserstein_1d(x[chosen], y, p=2))) for chosen in subsets]


@hookimpl
def autotl_similarities() -> Iterable[Similarity]:
    return [SlicedWasserstein()]
