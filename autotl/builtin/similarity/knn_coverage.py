"""How much of the source has a target image nearby."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference, Similarity
from autotl.builtin.similarity.two_sample import squares_between

Rows = NDArray[np.float64]

NEIGHBOURS = 5


class KnnCoverage:
    """1 − coverage: the share of the source's images with no target image in the ball of their 5 neighbours.

    A ball that is missed counts by how far, 1 − radius/distance, so that the distance goes on growing where
    no ball is hit at all. The source's balls are counted, not the target's: a few target images far out
    then matter little.
    """

    name = "knn_coverage"
    summary = "share of the source's neighbourhoods that no target image falls into"
    reference = "Naeem et al., Reliable Fidelity and Diversity Metrics for Generative Models, ICML 2020"

    def distance(self, features: Rows, source: Reference) -> float:
        return self.distances(features, source, [np.arange(len(features))])[0]

    def distances(
        self, features: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
    ) -> list[float]:
        """The distances of several subsets of the same rows; every pair of rows is compared once."""
        k = min(NEIGHBOURS, len(source.sample) - 1)
        own = np.sqrt(squares_between(source.sample, source.sample))
        radius = np.partition(own, k, axis=1)[:, k]  # the row itself is the nearest
        across = np.sqrt(squares_between(features, source.sample))  # (n, m)
        found = []
        for chosen in subsets:
            nearest = across[chosen].min(0)
            missed = nearest > radius
            found.append(float((1 - radius[missed] / nearest[missed]).sum() / len(radius)))
        return found


@hookimpl
def autotl_similarities() -> Iterable[Similarity]:
    return [KnnCoverage()]
