"""By how much one model, or one way of training, beats another on the test images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from scipy.stats import t as student

from autotl.results.evaluate import interval, resampled
from autotl.train import metric

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]

PRIOR_TRAININGS = 4
"""What is assumed of how much two trainings differ counts as much as so many trainings that show it."""


@dataclass(frozen=True, slots=True)
class Gain:
    """A difference in the metric on the same images, with a 95 % interval.

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


def gain(labels: Labels, ours: Logits, theirs: Logits, *, measure: str, seed: int) -> Gain:
    """The difference between two given models, ours minus theirs.

    The interval is a paired bootstrap over the images. ``p`` is the exact sign test on the images that one
    model alone gets right (McNemar, Psychometrika, 1947), which a few images cannot fool as they can a
    bootstrap.
    """
    score = metric(measure)
    drawn = resampled(measure, labels, ours, seed=seed) - resampled(measure, labels, theirs, seed=seed)
    value = score(labels, ours) - score(labels, theirs)
    return Gain(value, interval(drawn), len(labels), _sign_test(labels, ours, theirs))


def gain_of_training(
    labels: Labels,
    ours: Sequence[Logits],
    theirs: Sequence[Logits],
    *,
    measure: str,
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
    The interval is Student's with Welch's degrees of freedom. ``p`` is the larger of its p and that of the
    sign test on the first network of each. That a pretrained start is a lucky one is not chance here: it is
    the start that was asked about.
    """
    score = metric(measure)
    drawn = resampled(measure, labels, *ours, seed=seed) - resampled(measure, labels, *theirs, seed=seed)
    sides = [[score(labels, each) for each in side] for side in (ours, theirs)]
    value = float(np.mean(sides[0]) - np.mean(sides[1]))
    parts = [_of_training(scores, learned) for scores in sides]
    variance = float(np.var(drawn)) + sum(part for part, _ in parts)
    free = variance**2 / sum(part**2 / freedom for part, freedom in parts)
    half = float(student.ppf(0.975, free) * np.sqrt(variance))
    chance = 2 * float(student.sf(abs(value) / np.sqrt(variance), free))
    return Gain(
        value,
        (value - half, value + half),
        len(labels),
        max(chance, _sign_test(labels, ours[0], theirs[0])),
        (len(ours), len(theirs)),
    )


def _of_training(scores: Sequence[float], learned: int) -> tuple[float, float]:
    """The variance of the mean of some trainings' scores, and its degrees of freedom."""
    mean = (float(np.mean(scores)) * learned + 2) / (learned + 4)  # Agresti & Coull, 1998: 0 and 1 are no end
    assumed = mean * (1 - mean) / learned
    freedom = PRIOR_TRAININGS + len(scores) - 1
    shown = float(np.sum((np.asarray(scores) - np.mean(scores)) ** 2))
    return (PRIOR_TRAININGS * assumed + shown) / freedom / len(scores), freedom


def _sign_test(labels: Labels, ours: Logits, theirs: Logits) -> float:
    won = int(((ours.argmax(1) == labels) & (theirs.argmax(1) != labels)).sum())
    lost = int(((ours.argmax(1) != labels) & (theirs.argmax(1) == labels)).sum())
    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0
