"""Measure how certain and how varied predictions without labels are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIN_PROBABILITY = 1e-12
"""Smaller probabilities count as this, so that their logarithm is finite."""


def mean_entropy(probabilities: Floats) -> float:
    """Return the mean entropy of the predictions, in nats.

    Lower is more certain.
    Grandvalet and Bengio, Semi-supervised Learning by Entropy Minimization, NeurIPS 2004.

    Args:
        probabilities: Probabilities of the classes, (n, classes).
    """
    return float(_entropy(probabilities).mean())


def mutual_information(probabilities: Floats) -> float:
    """Return the mutual information of image and predicted class, in nats.

    It is the entropy of the mean prediction minus the mean entropy. It is high if predictions are certain and
    all classes occur. Bridle et al., Unsupervised Classifiers, Mutual Information and Phantom Targets,
    NeurIPS 1991. Shi and Sha, Information-Theoretical Learning of Discriminative Clusters for Unsupervised
    Domain Adaptation, ICML 2012.

    Args:
        probabilities: Probabilities of the classes, (n, classes).
    """
    return float(_entropy(probabilities.mean(0, keepdims=True))[0]) - mean_entropy(probabilities)


def _entropy(probabilities: Floats) -> Floats:
    """Return the entropy of each row, (n,)."""
    found: Floats = -(probabilities * np.log(np.maximum(probabilities, MIN_PROBABILITY))).sum(1)
    return found
