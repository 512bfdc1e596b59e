"""Measure how much of the source has no target image nearby."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference, Similarity
from autotl.builtin.similarity.two_sample import squared_distances

Rows = NDArray[np.float64]

NEIGHBOURS = 5


class KnnCoverage:
    """1 − coverage of the source by the target.

    This is the share of source images with no target image in the ball of their 5 neighbours. A missed ball
    counts 1 − radius/distance, so that the value still grows if every ball is missed. The balls are around
    source images, so that a few target outliers have little effect.
    """

    name = "knn_coverage"
    summary = "share of the source's neighbourhoods that no target image falls into"
    reference = "Naeem et al., Reliable Fidelity and Diversity Metrics for Generative Models, ICML 2020"

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
        k = min(NEIGHBOURS, len(source.sample) - 1)
        own = np.sqrt(squared_distances(source.sample, source.sample))
        radius = np.partition(own, k, axis=1)[:, k]  # position 0 is the row itself
        across = np.sqrt(squared_distances(features, source.sample))  # (n, m)
        distances = []
        for chosen in subsets:
            nearest = across[chosen].min(0)
            missed = nearest > radius
            distances.append(float((1 - radius[missed] / nearest[missed]).sum() / len(radius)))
        return distances


@hookimpl
def autotl_similarities() -> Iterable[Similarity]:
    return [KnnCoverage()]
