"""Combine several networks by the mean of their probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.metrics import log_softmax

Logits = NDArray[np.float32]


def mixture(logits: Sequence[Logits], weights: Sequence[float]) -> Logits:
    """Return the logarithm of the networks' mean probabilities, (n, classes).

    Its softmax is that mean, so it serves as the logits of the ensemble.

    Args:
        logits: Logits (n, classes) of each network.
        weights: The weight of each network; their sum is 1.
    """
    from scipy.special import logsumexp  # slow to import, and only ensembles need it

    log_probabilities = np.stack([log_softmax(each.astype(np.float64), axis=1) for each in logits])
    weighted = logsumexp(log_probabilities, axis=0, b=np.reshape(weights, (-1, 1, 1)))
    found: Logits = weighted.astype(np.float32)
    return found
