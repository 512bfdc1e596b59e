"""Compute p-values of no difference."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target
from autotl.evaluation.scores import PROPORTIONS
from autotl.metrics import Metric


def counts_hits(metric: Metric, target: Target) -> bool:
    """Return whether the metric counts correct predictions, which the sign test compares."""
    return metric.name in PROPORTIONS or (metric.accuracy_like and target.spec.kind == "single_label")


def bootstrap_test(drawn: NDArray[np.float64]) -> float:
    """Return twice the fraction of samples on the rarer side of zero.

    Davison & Hinkley, Bootstrap Methods and their Application, 1997.
    """
    drawn = drawn[np.isfinite(drawn)]
    rarer = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    return min(1.0, 2 * (rarer + 1) / (len(drawn) + 1))


def sign_test(ours: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> float:
    """Return the exact p-value on images that one model alone predicts correctly."""
    from scipy.stats import binomtest  # takes half as long to import as torch

    won, lost = int((ours & ~theirs).sum()), int((~ours & theirs).sum())
    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0
