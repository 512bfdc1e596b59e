"""Measure the distance of BatchNorm inputs from the source's."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LayerSimilarity

Channels = NDArray[np.float64]


class BatchNorm:
    """The squared 2-Wasserstein distance between a layer's Gaussians.

    It is in units of the source's variance. Each channel is a Gaussian. The distance is Σ (μ − μₛ)² + (σ −
    σₛ)² over channels, divided by Σ σₛ². A channel with a small variance on the source thus does not
    dominate.

    >>> ones = np.ones(2)
    >>> BatchNorm().layer_distance(np.array([1.0, 0.0]), 4 * ones, 0 * ones, ones)
    1.5
    """

    name = "batchnorm"
    steers = True
    summary = "distance of every BatchNorm layer's input from its running statistics: needs no source image"
    reference = "Schneider et al., Improving robustness against common corruptions, NeurIPS 2020"

    def layer_distance(
        self, mean: Channels, var: Channels, source_mean: Channels, source_var: Channels
    ) -> float:
        """Return the distance between a layer's inputs on target and source.

        Args:
            mean: The means on the target, (channels,).
            var: The variances on the target, (channels,).
            source_mean: The running means of the source, (channels,).
            source_var: The running variances of the source, (channels,).
        """
        shift = (mean - source_mean) ** 2 + (np.sqrt(var) - np.sqrt(source_var)) ** 2
        return float(shift.sum() / max(float(source_var.sum()), 1e-12))


@hookimpl
def autotl_similarities() -> Iterable[LayerSimilarity]:
    return [BatchNorm()]
