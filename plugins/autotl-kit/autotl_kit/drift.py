"""How far the mean of the target's features has drifted from the source's."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference

Rows = NDArray[np.float64]


class Drift:
    """The mean over features of the squared difference of means, in variances of the source.

    What so few rows scatter by on their own, var/n, is taken off: the mean of rows of the source's own
    distribution is 0 on average, and a single estimate may fall below it.

    >>> variance, sample = np.full((1, 1), 4.0), np.zeros((2, 1))
    >>> source = Reference(np.zeros(1), variance, sample, n=2, side=64, origin="shipped")
    >>> Drift().distance(np.array([[5.0], [7.0]]), source)
    8.75
    """

    name = "drift"
    summary = "squared shift of the features' means, in variances of the source; cheap, blind to all else"
    reference = "Hotelling, Annals of Mathematical Statistics 2(3), 1931, with a diagonal covariance"
    of_moments = True

    def distance(self, features: Rows, source: Reference) -> float:
        return self.distances(features, source, [np.arange(len(features))])[0]

    def distances(
        self, features: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
    ) -> list[float]:
        """The distances of several subsets of the same rows."""
        variances = source.cov if source.cov.ndim == 1 else np.diagonal(source.cov)
        known = variances > 1e-12 * variances.max()  # a feature that never moved has no unit
        rows = (features - source.mean)[:, known] / np.sqrt(variances[known])
        return [
            float((rows[chosen].mean(0) ** 2 - rows[chosen].var(0, ddof=1) / len(chosen)).mean())
            for chosen in subsets
        ]


@hookimpl
def autotl_similarities() -> list[Drift]:
    return [Drift()]
