"""Assume a variance between trainings before any is seen.

It is as if each training image changed one prediction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target
from autotl.evaluation.resampling import bootstrap_scores
from autotl.evaluation.scores import PROPORTIONS
from autotl.metrics import Metric

Labels = NDArray[Any]
Logits = NDArray[np.float32]
Pair = tuple[Logits, Logits]


def prior_variance(
    metric: Metric,
    target: Target,
    labels: Labels,
    logits: Logits,
    scores: Sequence[float],
    train_images: int,
    seed: int,
) -> float:
    """Return the assumed variance of one training's score.

    Args:
        metric: The metric.
        target: The kind of target.
        labels: Encoded targets of the test images, (n,) or (n, k).
        logits: Outputs (n, k) of one network.
        scores: The scores of all networks.
        train_images: Images that each network was trained on.
        seed: Draws the bootstrap samples.
    """
    if metric.name in PROPORTIONS:
        # Agresti & Coull, 1998: an accuracy of 0 or 1 still has a variance
        mean = (float(np.mean(scores)) * train_images + 2) / (train_images + 4)
        return mean * (1 - mean) / train_images
    drawn = bootstrap_scores(metric, labels, [logits], seed=seed, target=target)[0]
    return _of_samples(metric, target, labels, drawn, train_images)


def paired_prior_variance(
    metric: Metric, target: Target, labels: Labels, pairs: Sequence[Pair], train_images: int, seed: int
) -> float:
    """Return the assumed variance of one pair's difference.

    The two networks of a pair learned from the same training images. So an image that both predict
    correctly, or neither, adds nothing.

    Args:
        metric: The metric.
        target: The kind of target.
        labels: Encoded targets of the test images, (n,) or (n, k).
        pairs: Outputs (n, k) of both networks of each pair.
        train_images: Images that each network was trained on.
        seed: Draws the bootstrap samples.
    """
    if metric.name in PROPORTIONS:
        hits = [[target.correct(side, labels) for side in pair] for pair in pairs]
        shares = (
            float(np.mean([one & ~other for one, other in hits])),
            float(np.mean([other & ~one for one, other in hits])),
        )
        # Agresti & Min, 2005: two networks that agree on all images still differ in other trainings
        won, lost = ((share * train_images + 1) / (train_images + 4) for share in shares)
        return (won + lost - (won - lost) ** 2) / train_images
    ours, theirs = pairs[0]
    our_scores, their_scores = bootstrap_scores(metric, labels, [ours], [theirs], seed=seed, target=target)
    return _of_samples(metric, target, labels, our_scores - their_scores, train_images)


def _of_samples(
    metric: Metric, target: Target, labels: Labels, drawn: NDArray[np.float64], train_images: int
) -> float:
    """Return the bootstrap variance on as many images as there are for training."""
    over_images = float(np.nanvar(drawn)) if np.isfinite(drawn).any() else 0.0
    # as for accuracy, even perfect scores have a variance
    least = 2 * (metric.accuracy_scale(labels, target) / (train_images + 4)) ** 2
    return max(over_images * len(labels) / train_images, least)
