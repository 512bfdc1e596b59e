"""The standard error of the difference between two trials, paired by image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import FoldScore
from autotl.metrics import METRICS, Metric
from autotl.seeds import derive

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]
Folds = tuple[int, dict[int, FoldScore]]
"""The number of a trial, and its result on each fold."""

RESAMPLES = 100
"""Bootstrap samples for a metric without a known influence of each image."""
UNPAIRED = 0.5
"""The standard error for two trials without a common image, in units of accuracy."""
PRIOR_SHARE, PRIOR_IMAGES = 0.5, 20
"""The prior information share of an image that is validated again, and its weight in images."""


@dataclass(slots=True)
class PairedErrors:
    """Differences between trials, paired by image, with their standard errors.

    An image that several folds validate, as in repeated cross-validation, counts as one image: its
    differences are summed before they are squared (cluster-robust variance: Liang & Zeger, Biometrika, 1986).
    Repeats therefore do not replace images.

    If the metric is a mean over the images, the standard error is that of a mean difference. For other
    metrics it comes from the influence of each image (infinitesimal jackknife: Efron, Biometrika, 1981). A
    metric without known influences, such as a Python function, is evaluated on the same RESAMPLES bootstrap
    samples for every trial.

    Attributes:
        labels: The encoded validation targets of each fold.
        rows: The dataset rows of these targets.
        metric: The metric.
        accuracy_scale: The difference of the metric that corresponds to a difference of 1 in accuracy.
        correctness: The mean of how correct each prediction is, which replaces a metric without a value for
            each image.
    """

    labels: Sequence[NDArray[Any]]
    rows: Sequence[Labels]
    metric: Metric
    accuracy_scale: float
    correctness: Metric = METRICS["accuracy"]
    _known: dict[tuple[int, int], tuple[object, Floats]] = field(default_factory=dict)
    _numbered: dict[tuple[int, ...], Labels] = field(default_factory=dict)
    _samples: list[Labels] = field(default_factory=list)

    def difference(self, one: Folds, other: Folds) -> float:
        """Return the mean difference on common folds.

        The metric must be a mean over the images.
        """
        shared = one[1].keys() & other[1].keys()
        differences = [(self._values(*one, i) - self._values(*other, i)).mean() for i in sorted(shared)]
        return float(np.mean(differences))

    def standard_error(self, one: Folds, other: Folds) -> float:
        """Return the standard error of the difference between two trials."""
        shared = sorted(one[1].keys() & other[1].keys())
        if not shared:
            return UNPAIRED * self.accuracy_scale
        by_fold = [self._values(*one, fold) - self._values(*other, fold) for fold in shared]
        images = self._images(shared)
        least = 0.5 * self.accuracy_scale / (int(images.max()) + 1)
        if self.metric.resampled:
            samples = np.mean(by_fold, axis=0)
            samples = samples[np.isfinite(samples)]
            if len(samples) >= RESAMPLES // 2:
                return float(max(samples.std(), least))
            return self._of_accuracy().standard_error(one, other) * self.accuracy_scale
        differences = np.concatenate(by_fold)
        of_images = np.bincount(images, weights=differences - differences.mean())
        return float(max(np.sqrt((of_images**2).sum()) / len(differences), least))

    def repeat_information(self, one: Folds, other: Folds) -> float:
        """Return the information share of a repeated validation, in [0, 1].

        The share is the part of an image's variance that comes from the cut of the folds and the training.
        It is estimated from images that several folds have validated.
        """
        if self.metric.resampled:
            return self._of_accuracy().repeat_information(one, other)
        shared = sorted(one[1].keys() & other[1].keys())
        if not shared:
            return PRIOR_SHARE
        differences = np.concatenate([self._values(*one, i) - self._values(*other, i) for i in shared])
        images = self._images(shared)
        times = np.bincount(images)
        means = np.bincount(images, weights=differences) / times
        within, free = float(((differences - means[images]) ** 2).sum()), int((times - 1).sum())
        variance = float(differences.var())
        if variance == 0:
            return PRIOR_SHARE
        return min(1.0, (PRIOR_SHARE * PRIOR_IMAGES + within / variance) / (PRIOR_IMAGES + free))

    def _images(self, folds: Sequence[int]) -> Labels:
        """Return the image of each validation in ``folds``, numbered from 0."""
        name = tuple(folds)
        if name not in self._numbered:
            every = np.concatenate([self.rows[fold] for fold in folds])
            self._numbered[name] = np.unique(every, return_inverse=True)[1]
        return self._numbered[name]

    def _of_accuracy(self) -> PairedErrors:
        return PairedErrors(self.labels, self.rows, self.correctness, 1.0)

    def _values(self, number: int, folds: dict[int, FoldScore], fold: int) -> Floats:
        """Return the trial's value for each image or bootstrap sample."""
        logits = folds[fold].outputs
        known = self._known.get((number, fold))
        if known is None or known[0] is not logits:
            known = logits, self._computed(fold, logits)
            self._known[number, fold] = known
        return known[1]

    def _computed(self, fold: int, logits: NDArray[np.float32]) -> Floats:
        labels = self.labels[fold]
        if each := self.metric.per_image or self.metric.influence:
            return each(labels, logits)
        if self.metric.bootstrap is not None:
            return self.metric.bootstrap(labels, logits, self._resampled()[fold].astype(np.float64))
        found = []
        for times in self._resampled()[fold]:
            rows = np.repeat(np.arange(len(labels)), times)
            try:
                found.append(self.metric(labels[rows], logits[rows]))
            except Exception:  # a user's function may reject a sample that lacks a class
                found.append(np.nan)
        return np.array(found)

    def _resampled(self) -> list[Labels]:
        """Return the draws of each image, (RESAMPLES, images) for each fold."""
        if not self._samples:
            images = np.split(
                self._images(range(len(self.rows))), np.cumsum([len(each) for each in self.rows])[:-1]
            )
            times = np.full((RESAMPLES, 1 + max(int(each.max(initial=-1)) for each in images)), -1)
            for fold, own in enumerate(images):
                new = own[times[0, own] < 0]
                rng = np.random.default_rng(derive(0, "spread", fold))
                for sample, drawn in enumerate(rng.integers(0, max(1, len(new)), (RESAMPLES, len(new)))):
                    times[sample, new] = np.bincount(drawn, minlength=len(new))
                self._samples.append(times[:, own])
        return self._samples
