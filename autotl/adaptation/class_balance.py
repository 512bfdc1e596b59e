"""Compare the predicted classes with those of the training images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def class_distance(probabilities: Floats, prior: Floats) -> float:
    """Return the total variation between predicted class shares and a prior.

    It is in [0, 1]; 0 means equal shares. A collapsed model predicts few classes, so that it is far from the
    prior. Shares of classes that really differ have the same effect. The comparison is that of label shift:
    Lipton et al., Detecting and Correcting for Label Shift with Black Box Predictors, ICML 2018.

    Args:
        probabilities: Probabilities of the classes, (n, classes).
        prior: Shares of the classes among the training images, (classes,).
    """
    predicted = np.bincount(probabilities.argmax(1), minlength=len(prior)) / len(probabilities)
    return float(np.abs(predicted - prior).sum() / 2)
