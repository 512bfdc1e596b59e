"""The built-in metrics of numbers.

Targets and predictions are numbers in the user's units, (n, numbers). A metric of several numbers is the
mean over them.
"""

from __future__ import annotations

import numpy as np

from autotl.api import TargetKind
from autotl.metrics.metric import Floats, Labels, Logits, Metric

KINDS: frozenset[TargetKind] = frozenset({"regression"})
MIN_VARIANCE_SHARE = 1e-12
"""The smallest variance of a sample, as a share of its mean square, that is no rounding error."""


def _errors(targets: Labels, predictions: Logits) -> Floats:
    errors: Floats = predictions.astype(np.float64) - targets.astype(np.float64)
    return errors


def _negative_absolute_errors(targets: Labels, predictions: Logits) -> Floats:
    errors: Floats = -np.abs(_errors(targets, predictions)).mean(1)
    return errors


def _medians(targets: Labels) -> Floats:
    medians: Floats = np.median(targets.astype(np.float64), axis=0)
    return medians


def _mae(targets: Labels, predictions: Logits) -> float:
    return -float(_negative_absolute_errors(targets, predictions).mean())


def _rmse(targets: Labels, predictions: Logits) -> float:
    return float(np.sqrt((_errors(targets, predictions) ** 2).mean(0)).mean())


def _influence_on_rmse(targets: Labels, predictions: Logits) -> Floats:
    """Return each image's influence on the score, which is the negative number."""
    squares = _errors(targets, predictions) ** 2
    root = np.sqrt(squares.mean(0))
    changes = np.divide(squares - root**2, 2 * root, out=np.zeros_like(squares), where=root > 0)
    influence: Floats = -changes.mean(1)
    return influence


def bootstrap_rmse(targets: Labels, predictions: Logits, counts: Floats) -> Floats:
    """Return the score of each sample: the negative error.

    Args:
        targets: Numbers, (n, numbers).
        predictions: Predicted numbers, (n, numbers).
        counts: How often each image is in each sample, (samples, n).
    """
    squares = counts @ (_errors(targets, predictions) ** 2) / counts.sum(1, keepdims=True)
    scores: Floats = -np.sqrt(squares).mean(1)
    return scores


def bootstrap_r2(targets: Labels, predictions: Logits, counts: Floats) -> Floats:
    """Return the coefficient of determination of each sample.

    Args:
        targets: Numbers, (n, numbers).
        predictions: Predicted numbers, (n, numbers).
        counts: How often each image is in each sample, (samples, n).
    """
    share = counts / counts.sum(1, keepdims=True)
    centred = targets.astype(np.float64) - targets.mean(0, dtype=np.float64)
    unexplained = share @ (_errors(targets, predictions) ** 2)
    square = share @ centred**2
    variance = square - (share @ centred) ** 2
    varies = variance > MIN_VARIANCE_SHARE * square
    ratio = np.divide(unexplained, variance, out=np.ones_like(variance), where=varies)
    scores: Floats = (1 - ratio).mean(1)
    return scores


def _r2(targets: Labels, predictions: Logits) -> float:
    return float(bootstrap_r2(targets, predictions, np.ones((1, len(targets))))[0])


def _influence_on_r2(targets: Labels, predictions: Logits) -> Floats:
    squares = _errors(targets, predictions) ** 2
    deviations = (targets - targets.mean(0, dtype=np.float64)) ** 2
    variance = deviations.mean(0)
    varies = variance > 0
    ratio = np.divide(squares.mean(0), variance, out=np.ones_like(variance), where=varies)
    changes = np.divide(squares - ratio * deviations, variance, out=np.zeros_like(squares), where=varies)
    influence: Floats = -changes.mean(1)
    return influence


def _spearman(targets: Labels, predictions: Logits) -> float:
    from scipy.stats import rankdata  # takes half as long to import as torch

    found = []
    for number in range(targets.shape[1]):
        ranks = [rankdata(each[:, number]) for each in (targets, predictions)]
        one, other = (each - each.mean() for each in ranks)
        size = np.sqrt((one**2).sum() * (other**2).sum())
        found.append(float((one * other).sum() / size) if size > 0 else 0.0)
    return float(np.mean(found))


def _why_undefined(targets: Labels) -> str:
    if (targets == targets[:1]).all(0).any():
        return "a number is the same for all images, and it compares images with different numbers"
    return ""


REGRESSION_METRICS: dict[str, Metric] = {
    each.name: each
    for each in (
        Metric(
            "mae",
            _mae,
            higher_is_better=False,
            percent=False,
            bounds=(-np.inf, 0.0),
            per_image=_negative_absolute_errors,
            kinds=KINDS,
            middle=_medians,
        ),
        Metric(
            "rmse",
            _rmse,
            higher_is_better=False,
            percent=False,
            bounds=(-np.inf, 0.0),
            influence=_influence_on_rmse,
            bootstrap=bootstrap_rmse,
            kinds=KINDS,
        ),
        Metric(
            "r2",
            _r2,
            percent=False,
            bounds=(-np.inf, 1.0),
            influence=_influence_on_r2,
            bootstrap=bootstrap_r2,
            undefined_reason=_why_undefined,
            kinds=KINDS,
        ),
        Metric(
            "spearman",
            _spearman,
            percent=False,
            bounds=(-1.0, 1.0),
            undefined_reason=_why_undefined,
            kinds=KINDS,
        ),
    )
}
"""The built-in metrics of numbers by name.

A constant prediction has an ``r2`` of 0 or less, and a ``spearman`` of 0. Both are undefined if all images
have the same number.
"""
