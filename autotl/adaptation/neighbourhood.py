"""Measure whether predictions without labels form dense neighbourhoods."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autotl.metrics import softmax

Floats = NDArray[np.float64]

TEMPERATURE = 0.05
"""Temperature of the similarities, as in the paper."""
MAX_ROWS = 2000
"""Images that are compared with each other, a random sample of more."""


def soft_neighbourhood_density(probabilities: Floats, *, seed: int) -> float:
    """Return the soft neighbourhood density, in nats; higher is better.

    It is the mean entropy of each image's similarities to all others. Images with similar predictions are
    soft neighbours. A good classifier gives many neighbours to each image. So does a collapsed one, which
    predicts one class only. Saito et al., Tune it the Right Way: Unsupervised Validation of Domain Adaptation
    via Soft Neighborhood Density, ICCV 2021.

    Args:
        probabilities: Probabilities of the classes, (n, classes), of two images or more.
        seed: Seed of the sample of at most MAX_ROWS images.
    """
    rows = probabilities
    if len(rows) > MAX_ROWS:
        rows = rows[np.random.default_rng(seed).permutation(len(rows))[:MAX_ROWS]]
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    similarities = rows @ rows.T / TEMPERATURE
    np.fill_diagonal(similarities, -np.inf)  # no image is its own neighbour
    shares = softmax(similarities, axis=1)
    logarithms = np.log(np.where(shares > 0, shares, 1.0))
    return float(-(shares * logarithms).sum(1).mean())
