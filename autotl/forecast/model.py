"""Forecast the score of a strategy relative to a linear probe.

The outcome is the logit of the score minus that of the probe's accuracy before the search. Each group of
strategies has its own :class:`Regression`, with the standardised features of the data and an effect of each
strategy. The prior of an effect is N(0, σ² τ²) around the mean of the group. A strategy with few rows is
therefore close to that mean (partial pooling: Gelman and Hill, Data Analysis Using Regression, 2007, § 12).
A strategy without any row has the mean of its group, and a variance that is larger by σ² τ².
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autotl.forecast.regression import Regression, Student

Floats = NDArray[np.float64]

FEATURES = ("probe", "images", "classes", "likeness")
"""The logit of the probe's score, the logarithms of training images and classes, and the similarity."""
FROZEN, TRAINED, BASELINE = "frozen", "trained", "baseline"
"""The groups: heads on frozen features, networks that start from the source, and networks that do not."""
EFFECT_DEVIATION = 0.5
"""τ: the prior standard deviation of a strategy's effect, as a multiple of σ. Chosen, not measured."""
MEAN_PRECISION, FEATURE_PRECISION = 0.1, 50.0
"""Prior precisions of a group's mean and of the features, in units of 1 / σ².

Measured: with 2 instead of 50, forecasts of baselines on other data sets are worse by 2 points.
"""
SHAPE, NOISE = 2.0, 0.4
"""The prior of σ²: it has ``SHAPE``, and σ is about ``NOISE`` logits. Chosen, not measured."""
FEW_IMAGES = 100.0
"""Training images at which the variance of an outcome is twice that of a large data set."""


@dataclass(frozen=True, slots=True)
class Case:
    """The data that a score is forecast for.

    Attributes:
        n_train: Number of training images.
        n_classes: Number of classes, labels or numbers.
        likeness: Similarity of the images to the source data, in [0, 1]; None if unknown.
        probe: Logit of the probe's score.
    """

    n_train: int
    n_classes: int
    likeness: float | None
    probe: float

    @property
    def features(self) -> dict[str, float | None]:
        """The values of :data:`FEATURES`, by name."""
        sizes = {"images": math.log(max(1, self.n_train)), "classes": math.log(max(1, self.n_classes))}
        return {"probe": self.probe, **sizes, "likeness": self.likeness}

    @property
    def variance(self) -> float:
        """The variance of an outcome relative to a large data set."""
        return 1 + FEW_IMAGES / max(1, self.n_train)


@dataclass(frozen=True, slots=True)
class Observation:
    """A measured score of a strategy.

    Attributes:
        data: Name or digest of the data; rows of the same data are dependent.
        strategy: Name of the strategy.
        baseline: Whether the strategy transfers nothing.
        case: The data.
        outcome: Logit of its score minus that of the probe.
    """

    data: str
    strategy: str
    baseline: bool
    case: Case
    outcome: float


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The strategies that share a regression.

    The coefficients are the group's mean, :data:`FEATURES`, and the effects of ``strategies``.
    """

    strategies: tuple[str, ...]
    regression: Regression


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The regressions of all groups, by name.

    ``standards`` has the mean and the standard deviation of each feature.
    """

    standards: Mapping[str, tuple[float, float]]
    groups: Mapping[str, Group]

    def knows(self, strategy: str) -> bool:
        """Return whether a row of the strategy was measured."""
        return any(strategy in group.strategies for group in self.groups.values())

    def group_of(self, strategy: str, *, baseline: bool) -> str:
        """Return the name of the strategy's group.

        A strategy on random weights is a baseline. Another strategy without rows belongs to the strategies
        that train a network.
        """
        if baseline:
            return BASELINE
        found = (name for name, group in self.groups.items() if strategy in group.strategies)
        return next(found, TRAINED)

    def predict(self, strategy: str, case: Case, *, baseline: bool) -> Student:
        """Return the distribution of a strategy's logit of the score.

        Args:
            strategy: Name of the strategy.
            case: The data.
            baseline: Whether the strategy transfers nothing.
        """
        group = self.groups[self.group_of(strategy, baseline=baseline)]
        known = strategy in group.strategies
        variance = case.variance + (0.0 if known else EFFECT_DEVIATION**2)
        found = group.regression.predict(self._row(group, strategy, case), variance=variance)
        return replace(found, location=found.location + case.probe)

    def updated(self, observations: Sequence[Observation]) -> Model:
        """Return the model after further rows.

        Rows of one data set are dependent, so k of them in a group count as √k.
        """
        by_group: dict[str, list[Observation]] = {}
        for each in observations:
            by_group.setdefault(self.group_of(each.strategy, baseline=each.baseline), []).append(each)
        changed = {name: self._learned(self.groups[name], rows) for name, rows in by_group.items()}
        return replace(self, groups={**self.groups, **changed})

    def _learned(self, group: Group, rows: Sequence[Observation]) -> Group:
        new = sorted({each.strategy for each in rows} - {*group.strategies})
        widened = group.regression.widened(np.full(len(new), EFFECT_DEVIATION**-2))
        group = Group((*group.strategies, *new), widened)
        repeated = Counter(each.data for each in rows)
        regression = widened.updated(
            np.array([self._row(group, each.strategy, each.case) for each in rows]),
            np.array([each.outcome for each in rows]),
            counts=np.array([repeated[each.data] ** -0.5 for each in rows]),
            variances=np.array([each.case.variance for each in rows]),
        )
        return replace(group, regression=regression)

    def _row(self, group: Group, strategy: str, case: Case) -> Floats:
        """Return the values of the coefficients; an unknown feature has its mean."""
        values = case.features
        standard = [
            0.0 if (value := values[name]) is None else (value - mean) / deviation
            for name, (mean, deviation) in self.standards.items()
        ]
        return np.array([1.0, *standard, *(float(strategy == name) for name in group.strategies)])


def empty_model(standards: Mapping[str, tuple[float, float]], frozen: Sequence[str] = ()) -> Model:
    """Return the model before any row.

    Args:
        standards: Mean and standard deviation of each feature.
        frozen: Names of the strategies with heads on frozen features.
    """
    precision = np.diag([MEAN_PRECISION, *[FEATURE_PRECISION] * len(standards)])
    regression = Regression(np.zeros(len(precision)), precision, SHAPE, SHAPE * NOISE**2)
    groups = {name: Group((), regression) for name in (TRAINED, BASELINE)}
    heads = regression.widened(np.full(len(frozen), EFFECT_DEVIATION**-2))
    return Model(standards, {FROZEN: Group(tuple(frozen), heads), **groups})
