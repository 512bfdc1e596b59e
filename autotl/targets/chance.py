"""The score that guessing reaches."""

from __future__ import annotations

import numpy as np

from autotl.metrics import Metric
from autotl.targets.single_label import SingleLabel


def chance_level(metric: Metric, classes: int) -> tuple[float, float]:
    """Return the score of guessing among equally large classes.

    The second number is the metric's accuracy scale.

    Args:
        metric: The metric.
        classes: Number of classes.
    """
    target = SingleLabel.numbered(classes)
    labels = np.arange(classes, dtype=np.int64)
    guess = 1 / classes if metric.accuracy_like else metric(labels, target.constant(labels))
    return guess, metric.accuracy_scale(labels, target)
