"""Estimate the variance between trainings, and the interval that it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.evaluation.intervals import Interval

PRIOR_TRAININGS = 4
"""The number of trainings that the assumed variance between trainings counts as."""


@dataclass(frozen=True, slots=True)
class TrainingVariance:
    """The variance of a mean over trainings, with its degrees of ``freedom``."""

    value: float
    freedom: float


def training_variance(scores: Sequence[float], prior: float, *, shared: float = 0.0) -> TrainingVariance:
    """Return the variance of the mean score of some trainings.

    The variance of one training has a scaled inverse χ² prior that counts as PRIOR_TRAININGS trainings. The
    mean of k independent trainings has 1/k of it. Folds share training images, so more folds help less:
    ``shared`` is added to 1/k for the observed variance (Nadeau and Bengio, Inference for the Generalization
    Error, Machine Learning, 2003). The prior does not come from folds, so it is not corrected.

    Args:
        scores: The score of each training, or its difference from its counterpart.
        prior: The assumed variance of one of them.
        shared: Validation images of a fold, divided by its training images; 0 for independent trainings.
    """
    freedom = PRIOR_TRAININGS + len(scores) - 1
    observed = float(np.sum((np.asarray(scores) - np.mean(scores)) ** 2))
    independent = 1 / len(scores)
    summed = PRIOR_TRAININGS * prior * independent + observed * (independent + shared)
    return TrainingVariance(summed / freedom, freedom)


def student_interval(
    value: float, drawn: NDArray[np.float64], between_trainings: Sequence[TrainingVariance]
) -> tuple[Interval, float]:
    """Return Student's 95 % interval of a difference, and its p-value.

    Args:
        value: The difference.
        drawn: The difference on bootstrap samples of the test images.
        between_trainings: The variances between trainings, which are added to that of the samples.
    """
    from scipy.stats import t as student  # takes half as long to import as torch

    variance = float(np.nanvar(drawn)) + sum(each.value for each in between_trainings)
    # Welch's degrees of freedom
    freedom = variance**2 / sum(each.value**2 / each.freedom for each in between_trainings)
    half = float(student.ppf(0.975, freedom) * np.sqrt(variance))
    p = 2 * float(student.sf(abs(value) / np.sqrt(variance), freedom))
    return (value - half, value + half), p
