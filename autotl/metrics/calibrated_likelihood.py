"""Grade answers by degrees instead of right and wrong: what tells two networks apart on few images.

On a hundred images the accuracies of two networks differ by chance by two or three points. How probable each
of them, once calibrated, held the right classes to be differs by half as much by chance, and by about as much
in truth (docs/validation.md has the figures).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from autotl.metrics.metric import Floats, Influence, Labels, Logits, Metric
from autotl.metrics.softmax import softmax
from autotl.metrics.temperature import fit_temperature


def chances(labels: Labels, logits: Logits) -> Floats:
    """The probability (n,) of each image's class, at the temperature that suits these images best (Guo et
    al., On Calibration of Modern Neural Networks, ICML 2017).
    """
    scaled = logits.astype(np.float64) / fit_temperature(labels, logits)
    found: Floats = softmax(scaled, axis=1)[np.arange(len(labels)), labels]
    return found


def balanced_chances(labels: Labels, logits: Logits) -> Floats:
    """The same, weighted so that their mean is the mean of the classes' means."""
    _, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    found: Floats = chances(labels, logits) * len(labels) / (len(counts) * counts[place])
    return found


def graded(name: str, each: Influence) -> Metric:
    """The metric that is the mean of ``each``; other processes are sent it."""
    return Metric(name, partial(_mean, each), mean=each, hits=True)


def _mean(each: Influence, labels: Labels, logits: Logits) -> float:
    return float(each(labels, logits).mean())


CHANCES = graded("chances", chances)
BALANCED_CHANCES = graded("balanced_chances", balanced_chances)
