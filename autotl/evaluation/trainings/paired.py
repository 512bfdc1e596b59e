"""Measure the difference between two ways of training on the same folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target
from autotl.evaluation.gain import Gain
from autotl.evaluation.resampling import bootstrap_scores
from autotl.evaluation.trainings.prior import Pair, paired_prior_variance
from autotl.evaluation.trainings.significance import bootstrap_test, counts_hits, sign_test
from autotl.evaluation.trainings.variance import student_interval, training_variance
from autotl.metrics import Metric, get_metric
from autotl.targets import SingleLabel

Labels = NDArray[Any]


def paired_training_gain(
    labels: Labels,
    pairs: Sequence[Pair],
    *,
    metric: str | Metric,
    seed: int,
    train_images: int,
    held_out: float,
    target: Target | None = None,
) -> Gain:
    """Measure the difference between two ways of training, paired by fold.

    Both networks of a pair learned from the same training images. So what these images change in both scores
    cancels in the difference. The variance between trainings is that of the mean of the folds' differences,
    with the correction for overlapping folds of :func:`training_variance`. Its prior is as if each training
    image changed one prediction on which a pair disagrees (:func:`paired_prior_variance`).

    The variance over images is that of a bootstrap, in which both sides have the same images. The p-value is
    the larger of Student's and that of the sign test on the first pair. Metrics that do not count correct
    predictions use the bootstrap instead of the sign test.

    Args:
        labels: Encoded targets of the test images, (n,) or (n, k).
        pairs: Outputs (n, k) of both sides' networks of each fold, two folds or more.
        metric: The metric or its name.
        seed: Draws the bootstrap samples.
        train_images: Images that each network was trained on.
        held_out: The share of the training rows that a fold holds out, in [0, 1).
        target: The kind of target; None for single labels.

    Returns:
        The mean difference, first side minus second.
    """
    sides = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    target = target or SingleLabel.numbered(sides[0][0].shape[1])
    metric = get_metric(metric, target.spec)
    our_scores, their_scores = bootstrap_scores(metric, labels, *sides, seed=seed, target=target)
    drawn = our_scores - their_scores
    differences = [metric(labels, ours) - metric(labels, theirs) for ours, theirs in pairs]
    value = float(np.mean(differences))
    prior = paired_prior_variance(metric, target, labels, pairs, train_images, seed)
    between = training_variance(differences, prior, shared=held_out / (1 - held_out))
    ci95, p = student_interval(value, drawn, [between])
    hits = [target.correct(side[0], labels) for side in sides]
    other_p = sign_test(*hits) if counts_hits(metric, target) else bootstrap_test(drawn)
    return Gain(value, ci95, len(labels), max(p, other_p), (len(pairs), len(pairs)), paired=True)
