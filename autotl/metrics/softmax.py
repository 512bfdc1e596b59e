"""Softmax as in scipy, for modules that need nothing else of scipy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def softmax(logits: NDArray[Any], *, axis: int) -> NDArray[Any]:
    """Return probabilities that sum to 1 along ``axis``, of the same dtype."""
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    probabilities: NDArray[Any] = powers / powers.sum(axis=axis, keepdims=True)
    return probabilities


def log_softmax(logits: NDArray[Any], *, axis: int) -> NDArray[Any]:
    """Return log-probabilities, exact even if the probabilities underflow."""
    shifted = logits - logits.max(axis=axis, keepdims=True)
    logarithms: NDArray[Any] = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return logarithms
