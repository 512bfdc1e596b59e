"""Compare networks by the calibrated likelihood of the labels.

It replaces hits and misses. On a hundred images, the accuracies of two networks differ by two or three points
by chance. Their calibrated likelihoods differ by half as much by chance, and by about as much in truth
(docs/validation.md has the figures).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from autotl.metrics.metric import Floats, Influence, Labels, Logits, Metric
from autotl.metrics.softmax import softmax
from autotl.metrics.temperature import fit_temperature


def calibrated_likelihood(labels: Labels, logits: Logits) -> Floats:
    """Return each label's probability (n,) at the temperature fitted to these images.

    Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    scaled = logits.astype(np.float64) / fit_temperature(labels, logits)
    likelihood: Floats = softmax(scaled, axis=1)[np.arange(len(labels)), labels]
    return likelihood


def balanced_calibrated_likelihood(labels: Labels, logits: Logits) -> Floats:
    """Return likelihoods (n,) whose mean is that of the class means."""
    _, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    likelihood: Floats = calibrated_likelihood(labels, logits) * len(labels) / (len(counts) * counts[index])
    return likelihood


def mean_metric(name: str, per_image: Influence) -> Metric:
    """Return the metric that is the mean of ``per_image``.

    It can be pickled.
    """
    return Metric(name, partial(_mean, per_image), per_image=per_image, accuracy_like=True)


def _mean(per_image: Influence, labels: Labels, logits: Logits) -> float:
    return float(per_image(labels, logits).mean())


CALIBRATED_LIKELIHOOD = mean_metric("calibrated_likelihood", calibrated_likelihood)
BALANCED_CALIBRATED_LIKELIHOOD = mean_metric("balanced_calibrated_likelihood", balanced_calibrated_likelihood)
