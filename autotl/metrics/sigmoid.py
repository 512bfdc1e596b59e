"""The logistic function, for modules that need nothing of scipy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def sigmoid(logits: NDArray[Any]) -> NDArray[Any]:
    """Return the probability of each logit, in [0, 1]."""
    probabilities: NDArray[Any] = np.exp(log_sigmoid(logits))
    return probabilities


def log_sigmoid(logits: NDArray[Any]) -> NDArray[Any]:
    """Return log-probabilities, exact even if the probabilities underflow."""
    logarithms: NDArray[Any] = -np.logaddexp(0, -logits)
    return logarithms
