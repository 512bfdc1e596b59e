"""Temperature scaling: fit one number that calibrates probabilities."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from autotl.metrics.softmax import log_softmax

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]

MAX_LOG_TEMPERATURE = math.log(100.0)
"""Temperatures are between 0.01 and 100."""


def fit_temperature(labels: Labels, logits: Logits) -> float:
    """Fit the temperature that minimises the negative log-likelihood.

    The target of the true class is (n + 1) / (n + 2), and the other classes share the rest. Otherwise the
    temperature would go to its limit if all images are classified correctly. (Platt, Probabilistic Outputs
    for Support Vector Machines, 1999.)

    Args:
        labels: Classes, (n,).
        logits: Logits, (n, classes).

    Returns:
        The temperature, between 0.01 and 100; 1 for a single class.
    """
    from scipy.optimize import minimize_scalar  # takes half as long to import as torch

    n, classes = logits.shape
    if classes < 2:
        return 1.0
    rest = 1 / (n + 2)
    targets = np.full((n, classes), rest / (classes - 1))
    targets[np.arange(n), labels] = 1 - rest
    scores = logits.astype(np.float64)

    def loss(log_temperature: float) -> float:
        return -float((targets * log_softmax(scores / math.exp(log_temperature), axis=1)).sum() / n)

    found = minimize_scalar(loss, bounds=(-MAX_LOG_TEMPERATURE, MAX_LOG_TEMPERATURE), method="bounded")
    return math.exp(float(found.x))


def negative_log_likelihood(
    labels: Labels, logits: Logits, *, temperature: float = 1.0
) -> NDArray[np.float64]:
    """Return the negative log-likelihood of each label (n,), in nats.

    Args:
        labels: Classes, (n,).
        logits: Logits, (n, classes).
        temperature: Divides the logits; above 0.
    """
    log_probabilities = log_softmax(logits.astype(np.float64) / temperature, axis=1)
    losses: NDArray[np.float64] = -log_probabilities[np.arange(len(labels)), labels]
    return losses
