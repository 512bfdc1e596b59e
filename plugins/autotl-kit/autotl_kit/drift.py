"""Measure the shift of the features' mean from the source to the target."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference

Rows = NDArray[np.float64]


class Drift:
    """Squared difference of means in variances of the source, averaged over the features.

    The variance of the estimated mean, var/n, is subtracted, so the expected distance of the source to itself
    is 0. An estimate can be negative.

    >>> variance, sample = np.full((1, 1), 4.0), np.zeros((2, 1))
    >>> source = Reference(np.zeros(1), variance, sample, n=2, input_size=64, origin="shipped")
    >>> Drift().distance(np.array([[5.0], [7.0]]), source)
    8.75
    """

    name = "drift"
    summary = "squared shift of the features' means, in variances of the source; ignores other changes"
    reference = "Hotelling, Annals of Mathematical Statistics 2(3), 1931, with a diagonal covariance"
    of_moments = True

    def distance(self, features: Rows, source: Reference) -> float:
        """Return the distance of features (n, d) to the source."""
        return self.distances(features, source, [np.arange(len(features))])[0]

    def distances(
        self, features: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
    ) -> list[float]:
        """Return the distance of each subset of the rows.

        Args:
            features: Features (n, d).
            source: The source.
            subsets: Row numbers of each subset.
        """
        variances = source.cov if source.cov.ndim == 1 else np.diagonal(source.cov)
        varying = variances > 1e-12 * variances.max()  # a constant feature has no unit
        rows = (features - source.mean)[:, varying] / np.sqrt(variances[varying])
        return [
            float((rows[subset].mean(0) ** 2 - rows[subset].var(0, ddof=1) / len(subset)).mean())
            for subset in subsets
        ]


@hookimpl
def autotl_similarities() -> list[Drift]:
    """Provide the similarity measure."""
    return [Drift()]
