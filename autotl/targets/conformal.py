"""Intervals around predicted numbers, from errors on validation images."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from autotl.api import PredictionIntervals

COVERAGE = 0.9
"""The share of new numbers that an interval must hold."""
ROUNDING = 1e-9
"""Errors of products that would be whole numbers."""


def prediction_intervals(errors: NDArray[np.float64], *, independent: bool = True) -> PredictionIntervals:
    """Return intervals of equal width from out-of-fold errors.

    The half width is the k-th smallest absolute error, k = ⌈0.9 (n + 1)⌉. On images like these, such an
    interval holds at least 90 % of the numbers, whatever the distribution of the errors. The paper is Lei et
    al., Distribution-Free Predictive Inference for Regression, JASA 2018. The promise is for the network that
    made these errors. A network that learned from more images usually errs less.

    Args:
        errors: Predictions minus numbers, in the user's units, (n, numbers).
        independent: Whether the networks were trained on no near copy of these images.
    """
    n = len(errors)
    place = math.ceil(COVERAGE * (n + 1) - ROUNDING)
    if place > n:
        least = math.ceil(COVERAGE / (1 - COVERAGE) - ROUNDING)
        why = f"{n} validation images are too few: {COVERAGE:.0%} intervals need {least}"
        return PredictionIntervals((), COVERAGE, n, why)
    widths = np.sort(np.abs(errors), axis=0)[place - 1]
    why = (
        ""
        if independent
        else (
            "they may be too narrow, because validation images have near copies among the training images, "
            "or may have"
        )
    )
    return PredictionIntervals(tuple(widths.tolist()), COVERAGE, n, why)
