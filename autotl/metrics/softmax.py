"""Turn logits into probabilities as scipy does, for those who would import scipy for nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def softmax(logits: NDArray[Any], *, axis: int) -> NDArray[Any]:
    """The probabilities, which sum to 1 along ``axis``; the type stays."""
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    probabilities: NDArray[Any] = powers / powers.sum(axis=axis, keepdims=True)
    return probabilities


def log_softmax(logits: NDArray[Any], *, axis: int) -> NDArray[Any]:
    """The logarithms of the probabilities, exact where those are too small for a number."""
    shifted = logits - logits.max(axis=axis, keepdims=True)
    logarithms: NDArray[Any] = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return logarithms
