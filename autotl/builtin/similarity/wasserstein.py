"""The exact Wasserstein distance between the target's features and the source's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference, Similarity
from autotl.builtin.similarity.principal import principal_axes
from autotl.builtin.similarity.two_sample import spaced, squares_between

Rows = NDArray[np.float64]

MOST = 256
"""Rows of a side: the time of an assignment grows with their cube."""
AXES = 16
"""Principal axes of the source: in hundreds of dimensions all of few rows are about equally far apart."""


class Wasserstein:
    """The squared 2-Wasserstein distance of rows to the source's sample, along its first 16 principal axes.

    As many evenly spaced rows are taken of either side, at most 256. Between equally many rows the optimal
    transport plan is an assignment, which the Hungarian method finds. Among few rows the distance is above
    zero even for equal distributions: its calibration tells what it means.
    """

    name = "wasserstein"
    summary = "exact squared 2-Wasserstein distance along the source's principal axes"
    reference = (
        "Peyré & Cuturi, Computational Optimal Transport, 2019; Crouse, On implementing 2D rectangular "
        "assignment algorithms, IEEE TAES 52, 2016"
    )

    def distance(self, features: Rows, source: Reference) -> float:
        return self.distances(features, source, [np.arange(len(features))])[0]

    def distances(
        self, features: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
    ) -> list[float]:
        """The distances of several subsets of the same rows, which are turned to the axes once."""
        axes = principal_axes(source)[1][:, :AXES]
        rows, sample = features @ axes, source.sample @ axes
        return [_assigned(rows[chosen], sample) for chosen in subsets]


def _assigned(rows: Rows, sample: Rows) -> float:
    from scipy.optimize import linear_sum_assignment  # a list of plugins does not need it

    count = min(len(rows), len(sample), MOST)
    costs = squares_between(spaced(rows, count), spaced(sample, count))
    return float(costs[linear_sum_assignment(costs)].mean())


@hookimpl
def autotl_similarities() -> Iterable[Similarity]:
    return [Wasserstein()]
