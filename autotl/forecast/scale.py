"""Convert scores to a logit scale, and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EDGE = 0.01
"""Shares 0 and 1 become the logits of ``EDGE`` and 1 − ``EDGE``, which are finite."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """The logit of a score's share between ``low`` and ``high``.

    The share of an accuracy is the accuracy. For other metrics ``low`` is the score of the best constant
    outputs, and ``high`` that of perfect ones. The share is then equivalent to an accuracy. The scale is
    logit(e + (1 − 2e)·share) with e = :data:`EDGE`.
    """

    low: float = 0.0
    high: float = 1.0

    def logit(self, score: float) -> float:
        """Return the logit of a score.

        A score beyond an end counts as that end.
        """
        share = min(1.0, max(0.0, (score - self.low) / (self.high - self.low)))
        inside = EDGE + (1 - 2 * EDGE) * share
        return math.log(inside / (1 - inside))

    def scores(self, logits: Floats) -> Floats:
        """Return the scores of logits, in the shape of ``logits``."""
        shares = (1 / (1 + np.exp(-logits)) - EDGE) / (1 - 2 * EDGE)
        found: Floats = self.low + (self.high - self.low) * np.clip(shares, 0.0, 1.0)
        return found

    def deviation(self, score: float, images: float) -> float:
        """Return the standard error of a score's logit.

        It is that of a share of so many images. A half is added to the right and to the wrong images
        (Haldane, The Estimation and Significance of the Logarithm of a Ratio, 1956).
        """
        share = min(1.0, max(0.0, (score - self.low) / (self.high - self.low)))
        right = share * images + 0.5
        return math.sqrt(1 / right + 1 / (images + 1 - right))


ACCURACY_SCALE = Scale()
"""The scale of an accuracy."""
