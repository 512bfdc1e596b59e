"""The exact Wasserstein distance between the target's features and the source's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference, Similarity
from autotl.builtin.similarity.principal import principal_axes
from autotl.builtin.similarity.two_sample import spaced, squares_between

Rows = NDArray[np.float64]

MOST = 256
"""Rows of the source's sample: the plan of transport grows with both sides."""
AXES = 16
"""Principal axes of the source: in hundreds of dimensions all of few rows are about equally far apart."""


class Wasserstein:
    """The squared 2-Wasserstein distance between the rows and 256, evenly spaced, of the source's sample,
    along the first 16 principal axes of the source.

    The least mean squared way from one set of rows to the other, by the network simplex. Among few rows it
    is above zero even for equal distributions: its calibration tells what it means.
    """

    name = "wasserstein"
    summary = "exact squared 2-Wasserstein distance along the source's principal axes"
    reference = "Peyré & Cuturi, Computational Optimal Transport, 2019; POT: Flamary et al., JMLR 22, 2021"

    def distance(self, features: Rows, source: Reference) -> float:
        return self.distances(features, source, [np.arange(len(features))])[0]

    def distances(
        self, features: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
    ) -> list[float]:
        """The distances of several subsets of the same rows; every pair of rows is compared once."""
        import ot  # takes seconds, and only this needs it

        optimal: Any = ot  # it is typed in part
        axes = principal_axes(source)[1][:, :AXES]
        costs = squares_between(features @ axes, spaced(source.sample, MOST) @ axes)
        return [float(optimal.emd2([], [], np.ascontiguousarray(costs[chosen]))) for chosen in subsets]


@hookimpl
def autotl_similarities() -> Iterable[Similarity]:
    return [Wasserstein()]
