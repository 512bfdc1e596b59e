"""Temperature scaling: how sure scores should have been, going by what came out right."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from autotl.metrics.softmax import log_softmax

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]

WIDEST = math.log(100.0)
"""Temperatures lie between a hundredth and a hundred."""


def fit_temperature(labels: Labels, logits: Logits) -> float:
    """The temperature with the least negative log-likelihood of labels (n,) under logits (n, classes).

    The true class is counted as certain to (n + 1) / (n + 2) only, the rest being shared by the others
    (Platt, Probabilistic Outputs for Support Vector Machines, 1999): images that are all answered right would
    otherwise ask for certainty.
    """
    from scipy.optimize import minimize_scalar  # takes half as long to import as torch

    n, classes = logits.shape
    if classes < 2:
        return 1.0
    slack = 1 / (n + 2)
    targets = np.full((n, classes), slack / (classes - 1))
    targets[np.arange(n), labels] = 1 - slack
    scores = logits.astype(np.float64)

    def loss(log_temperature: float) -> float:
        return -float((targets * log_softmax(scores / math.exp(log_temperature), axis=1)).sum() / n)

    found = minimize_scalar(loss, bounds=(-WIDEST, WIDEST), method="bounded")
    return math.exp(float(found.x))


def negative_log_likelihood(
    labels: Labels, logits: Logits, *, temperature: float = 1.0
) -> NDArray[np.float64]:
    """The negative log-likelihood of each label (n,), in nats."""
    chances = log_softmax(logits.astype(np.float64) / temperature, axis=1)
    found: NDArray[np.float64] = -chances[np.arange(len(labels)), labels]
    return found
