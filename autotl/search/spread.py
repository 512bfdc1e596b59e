"""How far apart two trials would be by chance: the standard error of their difference in the metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autotl.api import FoldScore
from autotl.seeds import derive
from autotl.train import METRICS, Metric

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]

RESAMPLES = 100
"""Of each fold's images, for a metric that only its function knows."""
APART = 0.5
"""What is said of two trials that share no image, in units of accuracy."""


@dataclass(slots=True)
class Spreads:
    """Standard errors of differences between trials that were validated on the same images.

    A metric that is a mean over the images has that of the mean of the differences; others have it from the
    images' influence on the score (the infinitesimal jackknife: Efron, Biometrika, 1981), which costs as much
    as the score itself. A function of the user's own is computed on the same RESAMPLES bootstrap samples for
    every trial. What each fold of each trial gives is kept, since the search asks after every trial.
    """

    labels: Sequence[Labels]
    measure: Metric
    unit: float
    _known: dict[tuple[int, int], tuple[object, Floats]] = field(default_factory=dict)

    def between(
        self, one: tuple[int, dict[int, FoldScore]], other: tuple[int, dict[int, FoldScore]]
    ) -> float:
        """The standard error of the difference between two trials, each a number and its folds."""
        shared = sorted(one[1].keys() & other[1].keys())
        if not shared:
            return APART * self.unit
        apart = [self._of(*one, fold) - self._of(*other, fold) for fold in shared]
        n = sum(len(self.labels[fold]) for fold in shared)
        least = 0.5 * self.unit / n
        if self.measure.own:
            drawn = np.mean(apart, axis=0)
            drawn = drawn[np.isfinite(drawn)]
            if len(drawn) >= RESAMPLES // 2:
                return float(max(drawn.std(), least))
            hits = METRICS["accuracy"]
            return Spreads(self.labels, hits, 1.0).between(one, other) * self.unit
        differences = np.concatenate(apart)
        return float(max(differences.std() / np.sqrt(n), least))

    def _of(self, number: int, folds: dict[int, FoldScore], fold: int) -> Floats:
        logits = folds[fold].logits
        known = self._known.get((number, fold))
        if known is None or known[0] is not logits:
            known = logits, self._computed(fold, logits)
            self._known[number, fold] = known
        return known[1]

    def _computed(self, fold: int, logits: NDArray[np.float32]) -> Floats:
        labels = self.labels[fold]
        if each := self.measure.mean or self.measure.influence:
            return each(labels, logits)
        rng = np.random.default_rng(derive(0, "spread", fold))
        found = []
        for rows in rng.integers(0, len(labels), (RESAMPLES, len(labels))):
            try:
                found.append(self.measure(labels[rows], logits[rows]))
            except Exception:  # a stranger's code: it need not bear a sample that lacks a class
                found.append(np.nan)
        return np.array(found)
