"""By how much one model, or one way of training, beats another on the test images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.evaluation.intervals import of_difference, of_mean_difference
from autotl.evaluation.resampling import interval, resampled
from autotl.metrics import Metric, get_metric

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]

PRIOR_TRAININGS = 4
"""What is assumed of how much two trainings differ counts as much as so many trainings that show it."""


@dataclass(frozen=True, slots=True)
class Gain:
    """A difference in the metric on the same images, with a 95 % interval: above zero where ours is better,
    also for a metric of which lower is better.

    ``p`` is two-sided. ``trainings`` is how many networks of each side were tested; (1, 1) where two given
    models were compared, or where there was time for no more.
    """

    value: float
    ci95: tuple[float, float]
    n: int
    p: float
    trainings: tuple[int, int] = (1, 1)

    @property
    def direction(self) -> int:
        """1 where it is measurably above zero, -1 below, else 0: interval and test have to agree."""
        if self.p >= 0.05 or self.ci95[0] <= 0 <= self.ci95[1]:
            return 0
        return 1 if self.value > 0 else -1


def gain(labels: Labels, ours: Logits, theirs: Logits, *, measure: str | Metric, seed: int) -> Gain:
    """The difference between two given models, ours minus theirs.

    For accuracy the interval is Newcombe's for paired shares, for balanced accuracy it is made of those of
    the classes, and for other metrics it is a paired bootstrap over the images, smoothed if one model alone
    is right on few of them. Models that give the same logits differ by 0. ``p`` is the exact sign test on the
    images that one model alone gets right (McNemar, Psychometrika, 1947), which a few images cannot fool as
    they can a bootstrap. For a metric that is not about right answers alone it is the bootstrap's own: twice
    the share of samples on the other side of zero.
    """
    score = get_metric(measure)
    if np.array_equal(ours, theirs):
        return Gain(0.0, (0.0, 0.0), len(labels), 1.0)
    value = score(labels, ours) - score(labels, theirs)
    p = _sign_test(labels, ours, theirs)
    right, other = ours.argmax(1) == labels, theirs.argmax(1) == labels
    if score.name == "accuracy":
        return Gain(value, of_difference(right, other), len(labels), p)
    if score.name == "balanced_accuracy":
        return Gain(value, of_mean_difference(right, other, labels), len(labels), p)
    our_draws, their_draws = resampled(score, labels, [ours], [theirs], seed=seed)
    drawn = our_draws - their_draws
    width = score.bounds[1] - score.bounds[0]
    ends = interval(drawn, value, (-width, width))
    return Gain(value, ends, len(labels), p if score.accuracy_like else _bootstrap_test(drawn))


def gain_of_training(
    labels: Labels,
    ours: Sequence[Logits],
    theirs: Sequence[Logits],
    *,
    measure: str | Metric,
    seed: int,
    learned: int,
) -> Gain:
    """The difference between two ways of training, each known by the logits of one or more of its networks.

    Another seed, or another tenth of the images, gives another network: a difference between two networks
    says little of the difference between the ways they were trained (Dietterich, Approximate Statistical
    Tests for Comparing Supervised Classification Learning Algorithms, Neural Computation, 1998; Bouthillier
    et al., Accounting for Variance in Machine Learning Benchmarks, MLSys 2021). So the variance of the mean
    over trainings is added to that of the bootstrap over images. Where few trainings show it, the variance
    of one training's score p is assumed to be p (1 - p) / n with n = ``learned`` training images, as large
    as if each of these told one answer; this counts as PRIOR_TRAININGS trainings (a scaled inverse χ² prior).
    For other metrics than accuracy it is assumed likewise to be the variance over test images, by the
    bootstrap, that as many images as were learned from would give.
    The interval is Student's with Welch's degrees of freedom. ``p`` is the larger of its p and that of the
    sign test on the first network of each, or of the bootstrap where the metric is not about right answers
    alone. That a pretrained start is a lucky one is not chance here: it is
    the start that was asked about.
    """
    from scipy.stats import t as student  # takes half as long to import as torch

    score = get_metric(measure)
    our_draws, their_draws = resampled(score, labels, ours, theirs, seed=seed)
    drawn = our_draws - their_draws
    sides = [[score(labels, each) for each in side] for side in (ours, theirs)]
    value = float(np.mean(sides[0]) - np.mean(sides[1]))
    parts = [
        _of_training(scores, _assumed(score, labels, side, scores, learned=learned, seed=seed))
        for side, scores in zip((ours, theirs), sides, strict=True)
    ]
    variance = float(np.nanvar(drawn)) + sum(part for part, _ in parts)
    free = variance**2 / sum(part**2 / freedom for part, freedom in parts)
    half = float(student.ppf(0.975, free) * np.sqrt(variance))
    chance = 2 * float(student.sf(abs(value) / np.sqrt(variance), free))
    other = _sign_test(labels, ours[0], theirs[0]) if score.accuracy_like else _bootstrap_test(drawn)
    return Gain(
        value,
        (value - half, value + half),
        len(labels),
        max(chance, other),
        (len(ours), len(theirs)),
    )


def _of_training(scores: Sequence[float], assumed: float) -> tuple[float, float]:
    """The variance of the mean of some trainings' scores, and its degrees of freedom; ``assumed`` is that of
    one training.
    """
    freedom = PRIOR_TRAININGS + len(scores) - 1
    shown = float(np.sum((np.asarray(scores) - np.mean(scores)) ** 2))
    return (PRIOR_TRAININGS * assumed + shown) / freedom / len(scores), freedom


def _assumed(
    score: Metric, labels: Labels, side: Sequence[Logits], scores: Sequence[float], *, learned: int, seed: int
) -> float:
    """The variance of one training's score before trainings show it."""
    if score.name == "accuracy":
        mean = (float(np.mean(scores)) * learned + 2) / (learned + 4)  # Agresti & Coull, 1998: 0, 1: no end
        return mean * (1 - mean) / learned
    drawn = resampled(score, labels, [side[0]], seed=seed)[0]
    of_images = float(np.nanvar(drawn)) if np.isfinite(drawn).any() else 0.0
    # as of accuracy: no network is so good that another could not be worse
    least = 2 * (score.accuracy_scale(labels, side[0].shape[1]) / (learned + 4)) ** 2
    return max(of_images * len(labels) / learned, least)


def _bootstrap_test(drawn: NDArray[np.float64]) -> float:
    """Twice the share of the samples on the rarer side of zero, the seen one counted among them (Davison &
    Hinkley, Bootstrap Methods and their Application, 1997).
    """
    drawn = drawn[np.isfinite(drawn)]
    rarer = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    return min(1.0, 2 * (rarer + 1) / (len(drawn) + 1))


def _sign_test(labels: Labels, ours: Logits, theirs: Logits) -> float:
    won = int(((ours.argmax(1) == labels) & (theirs.argmax(1) != labels)).sum())
    lost = int(((ours.argmax(1) != labels) & (theirs.argmax(1) == labels)).sum())
    from scipy.stats import binomtest  # takes half as long to import as torch

    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0
