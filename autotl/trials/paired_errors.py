"""How far apart two trials would be by chance: the standard error of their difference in the metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autotl.api import FoldScore
from autotl.metrics import METRICS, Metric
from autotl.seeds import derive

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]
Folds = tuple[int, dict[int, FoldScore]]
"""A trial's number and what it has shown."""

RESAMPLES = 100
"""Of the images, for a metric that only its function knows."""
APART = 0.5
"""What is said of two trials that share no image, in units of accuracy."""
PASSING, PASSING_IMAGES = 0.5, 20
"""The share of what an image tells that is assumed to pass when the folds are cut anew, and how many images
validated again it takes to outweigh this.
"""


@dataclass(slots=True)
class PairedErrors:
    """Standard errors of differences between trials that were validated on the same images.

    ``rows`` are the validation images of each fold, in the order of ``labels``. An image that several folds
    validate on, as in repeated cross-validation, is one image: what it shows there is added up before it is
    squared (Liang & Zeger, Biometrika, 1986). Where every image was met equally often that is the error of
    the images' means; to count each meeting as an image would promise that repeats make up for images.

    A metric that is a mean over the images has that of the mean of the differences; others have it from the
    images' influence on the score (the infinitesimal jackknife: Efron, Biometrika, 1981), which costs as much
    as the score itself. A function of the user's own is computed on the same RESAMPLES bootstrap samples for
    every trial. What each fold of each trial gives is kept, since the search asks after every trial.
    """

    labels: Sequence[Labels]
    rows: Sequence[Labels]
    measure: Metric
    unit: float
    _known: dict[tuple[int, int], tuple[object, Floats]] = field(default_factory=dict)
    _numbered: dict[tuple[int, ...], Labels] = field(default_factory=dict)
    _drawn: list[Labels] = field(default_factory=list)

    def lead(self, one: Folds, other: Folds) -> float:
        """How far one trial is ahead of the other, in the mean of the folds that both have run, by a metric
        that is a mean over the images.
        """
        shared = one[1].keys() & other[1].keys()
        return float(
            np.mean([(self._of(*one, fold) - self._of(*other, fold)).mean() for fold in sorted(shared)])
        )

    def between(self, one: Folds, other: Folds) -> float:
        """The standard error of the difference between two trials."""
        shared = sorted(one[1].keys() & other[1].keys())
        if not shared:
            return APART * self.unit
        apart = [self._of(*one, fold) - self._of(*other, fold) for fold in shared]
        images = self._images(shared)
        least = 0.5 * self.unit / (int(images.max()) + 1)
        if self.measure.custom:
            drawn = np.mean(apart, axis=0)
            drawn = drawn[np.isfinite(drawn)]
            if len(drawn) >= RESAMPLES // 2:
                return float(max(drawn.std(), least))
            return self._of_hits().between(one, other) * self.unit
        differences = np.concatenate(apart)
        of_images = np.bincount(images, weights=differences - differences.mean())
        return float(max(np.sqrt((of_images**2).sum()) / len(differences), least))

    def passing(self, one: Folds, other: Folds) -> float:
        """The share, in [0, 1], of the variance of what an image tells between two trials that is owed to how
        the folds were cut and the trainings went: by so much less does it tell when it is validated again.
        """
        if self.measure.custom:
            return self._of_hits().passing(one, other)
        shared = sorted(one[1].keys() & other[1].keys())
        if not shared:
            return PASSING
        differences = np.concatenate([self._of(*one, fold) - self._of(*other, fold) for fold in shared])
        images = self._images(shared)
        times = np.bincount(images)
        means = np.bincount(images, weights=differences) / times
        within, free = float(((differences - means[images]) ** 2).sum()), int((times - 1).sum())
        whole = float(differences.var())
        if whole == 0:
            return PASSING
        return min(1.0, (PASSING * PASSING_IMAGES + within / whole) / (PASSING_IMAGES + free))

    def _images(self, folds: Sequence[int]) -> Labels:
        """The image behind each validation of these folds, numbered from 0."""
        name = tuple(folds)
        if name not in self._numbered:
            every = np.concatenate([self.rows[fold] for fold in folds])
            self._numbered[name] = np.unique(every, return_inverse=True)[1]
        return self._numbered[name]

    def _of_hits(self) -> PairedErrors:
        return PairedErrors(self.labels, self.rows, METRICS["accuracy"], 1.0)

    def _of(self, number: int, folds: dict[int, FoldScore], fold: int) -> Floats:
        logits = folds[fold].logits
        known = self._known.get((number, fold))
        if known is None or known[0] is not logits:
            known = logits, self._computed(fold, logits)
            self._known[number, fold] = known
        return known[1]

    def _computed(self, fold: int, logits: NDArray[np.float32]) -> Floats:
        labels = self.labels[fold]
        if each := self.measure.per_image or self.measure.influence:
            return each(labels, logits)
        found = []
        for times in self._resampled()[fold]:
            rows = np.repeat(np.arange(len(labels)), times)
            try:
                found.append(self.measure(labels[rows], logits[rows]))
            except Exception:  # a stranger's code: it need not bear a sample that lacks a class
                found.append(np.nan)
        return np.array(found)

    def _resampled(self) -> list[Labels]:
        """How often each image of each fold is drawn (RESAMPLES, images): as often wherever it is met."""
        if not self._drawn:
            images = np.split(
                self._images(range(len(self.rows))), np.cumsum([len(each) for each in self.rows])[:-1]
            )
            times = np.full((RESAMPLES, 1 + max(int(each.max(initial=-1)) for each in images)), -1)
            for fold, own in enumerate(images):
                new = own[times[0, own] < 0]
                rng = np.random.default_rng(derive(0, "spread", fold))
                for sample, drawn in enumerate(rng.integers(0, max(1, len(new)), (RESAMPLES, len(new)))):
                    times[sample, new] = np.bincount(drawn, minlength=len(new))
                self._drawn.append(times[:, own])
        return self._drawn
