"""Measure by how much a model beats another.

Also compare ways of training. Both are scored on the test images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target
from autotl.evaluation.intervals import difference_interval, mean_difference_interval
from autotl.evaluation.resampling import bootstrap_interval, bootstrap_scores
from autotl.evaluation.scores import PROPORTIONS
from autotl.evaluation.trainings.prior import prior_variance
from autotl.evaluation.trainings.significance import bootstrap_test, counts_hits, sign_test
from autotl.evaluation.trainings.variance import student_interval, training_variance
from autotl.metrics import Metric, get_metric
from autotl.targets import SingleLabel

Labels = NDArray[Any]
Logits = NDArray[np.float32]

SIGNIFICANCE_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Gain:
    """A difference in a metric on the same images.

    Attributes:
        value: The difference; positive is better also if lower numbers of the metric are better.
        ci95: Its 95 % interval.
        n: Test images.
        p: The two-sided p-value of no difference.
        trainings: Networks of each side; (1, 1) if two given models were compared.
        paired: Whether the networks were compared fold by fold.
    """

    value: float
    ci95: tuple[float, float]
    n: int
    p: float
    trainings: tuple[int, int] = (1, 1)
    paired: bool = False

    @property
    def direction(self) -> int:
        """1 if measurably above zero, -1 if below, else 0.

        The interval and the p-value must agree.
        """
        if self.p >= SIGNIFICANCE_LEVEL or self.ci95[0] <= 0 <= self.ci95[1]:
            return 0
        return 1 if self.value > 0 else -1


def gain(
    labels: Labels,
    ours: Logits,
    theirs: Logits,
    *,
    metric: str | Metric,
    seed: int,
    target: Target | None = None,
) -> Gain:
    """Measure the difference between two given models.

    The interval of accuracy is Newcombe's for paired proportions. The interval of balanced accuracy combines
    the intervals of the classes. Other metrics use a paired bootstrap over the images. The bootstrap is
    smoothed if the models differ on few images.

    The p-value is the exact sign test on images that one model alone classifies correctly (McNemar,
    Psychometrika, 1947); few images mislead a bootstrap more easily. Metrics that do not count such images
    use the bootstrap: twice the fraction of samples on the other side of zero.

    Args:
        labels: Encoded targets of the test images, (n,) or (n, k).
        ours: Outputs of the first model, (n, k).
        theirs: Outputs of the second model, (n, k).
        metric: The metric or its name.
        seed: Draws the bootstrap samples.
        target: The kind of target; None for single labels.

    Returns:
        The first model's score minus the second's; 0 for equal outputs.
    """
    target = target or SingleLabel.numbered(ours.shape[1])
    metric = get_metric(metric, target.spec)
    if np.array_equal(ours, theirs):
        return Gain(0.0, (0.0, 0.0), len(labels), 1.0)
    value = metric(labels, ours) - metric(labels, theirs)
    our_hits, their_hits = target.correct(ours, labels), target.correct(theirs, labels)
    if metric.name in PROPORTIONS:
        return paired_flags_gain(our_hits, their_hits)
    if metric.name == "balanced_accuracy":
        ci95 = mean_difference_interval(our_hits, their_hits, labels)
        return Gain(value, ci95, len(labels), sign_test(our_hits, their_hits))
    our_scores, their_scores = bootstrap_scores(metric, labels, [ours], [theirs], seed=seed, target=target)
    differences = our_scores - their_scores
    width = metric.bounds[1] - metric.bounds[0]
    images = len(labels) if target.spec.kind == "regression" else None
    ci95 = bootstrap_interval(differences, value, (-width, width), images=images)
    p = sign_test(our_hits, their_hits) if counts_hits(metric, target) else bootstrap_test(differences)
    return Gain(value, ci95, len(labels), p)


def paired_flags_gain(ours: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> Gain:
    """Return the difference of two proportions, paired by image, (n,) each."""
    value = float(ours.mean() - theirs.mean())
    return Gain(value, difference_interval(ours, theirs), len(ours), sign_test(ours, theirs))


def training_gain(
    labels: Labels,
    ours: Sequence[Logits],
    theirs: Sequence[Logits],
    *,
    metric: str | Metric,
    seed: int,
    train_images: int,
    target: Target | None = None,
) -> Gain:
    """Measure the difference between two ways of training.

    Another seed or other images give another network (Dietterich, Approximate Statistical Tests for
    Comparing Supervised Classification Learning Algorithms, Neural Computation, 1998; Bouthillier et al.,
    Accounting for Variance in Machine Learning Benchmarks, MLSys 2021). So the variance between trainings is
    added to the bootstrap variance over images. It is estimated with a scaled inverse χ² prior that counts as
    four trainings. The prior variance of an accuracy p is p (1 - p) / ``train_images``, as if each training
    image changed one prediction. For other metrics it is the bootstrap variance on as many images.

    The interval is Student's with Welch's degrees of freedom. The p-value is the larger of two: Student's,
    and that of the sign test on each side's first network. Metrics that do not count correct predictions use
    the bootstrap instead of the sign test. The variance between pretrained weights is left out: the question
    is about these.

    Args:
        labels: Encoded targets of the test images, (n,) or (n, k).
        ours: Outputs (n, k) of the first side's networks.
        theirs: Outputs (n, k) of the second side's networks.
        metric: The metric or its name.
        seed: Draws the bootstrap samples.
        train_images: Images that each network was trained on.
        target: The kind of target; None for single labels.

    Returns:
        The first side's mean score minus the second's.
    """
    target = target or SingleLabel.numbered(ours[0].shape[1])
    metric = get_metric(metric, target.spec)
    our_scores, their_scores = bootstrap_scores(metric, labels, ours, theirs, seed=seed, target=target)
    differences = our_scores - their_scores
    scores = [[metric(labels, logits) for logits in side] for side in (ours, theirs)]
    value = float(np.mean(scores[0]) - np.mean(scores[1]))
    between_trainings = [
        training_variance(own, prior_variance(metric, target, labels, side[0], own, train_images, seed))
        for side, own in zip((ours, theirs), scores, strict=True)
    ]
    ci95, p = student_interval(value, differences, between_trainings)
    hits = [target.correct(side[0], labels) for side in (ours, theirs)]
    other_p = sign_test(*hits) if counts_hits(metric, target) else bootstrap_test(differences)
    return Gain(value, ci95, len(labels), max(p, other_p), (len(ours), len(theirs)))
