"""Temperature scaling: fit one number that calibrates probabilities."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.metrics.sigmoid import log_sigmoid
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
    n, classes = logits.shape
    if classes < 2:
        return 1.0
    rest = 1 / (n + 2)
    targets = np.full((n, classes), rest / (classes - 1))
    targets[np.arange(n), labels] = 1 - rest
    scores = logits.astype(np.float64)

    def loss(log_temperature: float) -> float:
        return -float((targets * log_softmax(scores / math.exp(log_temperature), axis=1)).sum() / n)

    return _minimum(loss)


def fit_label_temperature(targets: NDArray[Any], logits: Logits) -> float:
    """Fit one temperature for all labels; see :func:`fit_temperature`.

    As in Platt's paper, the targets of a label are less than certain. If p of n images have it, its target is
    (p + 1) / (p + 2) on these, and 1 / (n - p + 2) on the others.

    Args:
        targets: 0 and 1 by label, (n, labels).
        logits: Logits, (n, labels).

    Returns:
        The temperature, between 0.01 and 100.
    """
    present = targets > 0.5
    positive = present.sum(0)
    negative = len(targets) - positive
    wanted = np.where(present, (positive + 1) / (positive + 2), 1 / (negative + 2))
    scores = logits.astype(np.float64)

    def loss(log_temperature: float) -> float:
        scaled = scores / math.exp(log_temperature)
        return -float((wanted * log_sigmoid(scaled) + (1 - wanted) * log_sigmoid(-scaled)).sum(1).mean())

    return _minimum(loss)


def label_negative_log_likelihood(
    targets: NDArray[Any], logits: Logits, *, temperature: float = 1.0
) -> NDArray[np.float64]:
    """Return the negative log-likelihood of each image's labels (n,), in nats.

    Args:
        targets: 0 and 1 by label, (n, labels).
        logits: Logits, (n, labels).
        temperature: Divides the logits; above 0.
    """
    signed = logits.astype(np.float64) / temperature * np.where(targets > 0.5, 1.0, -1.0)
    losses: NDArray[np.float64] = -log_sigmoid(signed).sum(1)
    return losses


def _minimum(loss: Callable[[float], float]) -> float:
    """Return the temperature whose logarithm has the least loss."""
    from scipy.optimize import minimize_scalar  # takes half as long to import as torch

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
