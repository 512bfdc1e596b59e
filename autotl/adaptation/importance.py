"""Validate on source images, weighted towards the place of use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def importance_weighted_accuracy(correct: NDArray[np.bool_], weights: Floats) -> float:
    """Return the accuracy on validation images, weighted by density ratios.

    It estimates the accuracy at the place of use if only the images differ, and not the classes of like
    images. Sugiyama et al., Covariate Shift Adaptation by Importance Weighted Cross Validation, JMLR 2007.
    The weights come from a domain classifier; see :func:`autotl.quality.importance_weights`.

    Args:
        correct: Whether each validation image is predicted correctly, (n,).
        weights: Its density at the place of use, relative to the training images, (n,).
    """
    return float((weights * correct).sum() / weights.sum())
