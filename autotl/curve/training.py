"""Forecast what a longer training would score, from shorter trainings with the same settings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.curve.forecast import Interval

Floats = NDArray[np.float64]

EXPONENT, EXPONENT_SPREAD = 0.7, 0.6
"""The prior of the exponent: log-normal about 0.7."""
FLOORS: Floats = np.linspace(0.0, 0.95, 20)
"""The error that no training removes, as shares of the last error; all are equally likely beforehand."""
APART = 0.5
"""The share of an error's noise that trainings of other lengths do not have in common: all are validated on
the same images.
"""
ROUGH = 0.1
"""How far errors may lie from any law, as a share of the error: one standard deviation."""

_Z: Floats = np.linspace(-2.4, 2.4, 9)
_EXPONENTS: Floats = EXPONENT * np.exp(EXPONENT_SPREAD * np.linspace(-2.4, 2.4, 25))


@dataclass(frozen=True, slots=True)
class Trained:
    """A training that has ended: its length in ``epochs``, its ``error`` and that error's standard error.

    The error is the distance from the best possible score, so it is 1 - accuracy, or the log loss itself.
    """

    epochs: float
    error: float
    se: float


@dataclass(frozen=True, slots=True)
class TrainingForecast:
    """An ensemble of laws error = a + b · (epochs / longest)^(-c), one per row, with their weights.

    Attributes:
        longest: The longest training that was seen, in epochs.
        lengths: How many lengths were seen.
        last: The error after the longest training, (laws,).
        floor: The share of it that no training removes, (laws,).
        exponent: How fast the rest falls, (laws,).
        weight: The posterior weights, (laws,); they add up to 1.
    """

    longest: float
    lengths: int
    last: Floats
    floor: Floats
    exponent: Floats
    weight: Floats

    def errors(self, epochs: float) -> Floats:
        """The error of each law after so many epochs, (laws,)."""
        left: Floats = (1 - self.floor) * (epochs / self.longest) ** -self.exponent
        return self.last * (self.floor + left)

    def at(self, epochs: float) -> Interval:
        """The error after so many epochs: the median and the 95 % interval."""
        return self._interval(self.errors(epochs))

    def remaining(self) -> Interval:
        """The error that longer training can remove: the median and the 95 % interval."""
        return self._interval(self.last * (1 - self.floor))

    def chance(self, error: float, *, epochs: float) -> float:
        """The probability of an error below ``error`` after so many epochs."""
        return float(self.weight[self.errors(epochs) < error].sum())

    def gain(self, error: float, *, epochs: float) -> float:
        """The expected improvement: by how much the error ends below ``error``, 0 where it does not."""
        return float((self.weight * np.maximum(error - self.errors(epochs), 0.0)).sum())

    def _interval(self, values: Floats) -> Interval:
        order = np.argsort(values)
        mass = np.cumsum(self.weight[order])
        low, middle, high = (float(values[order][np.searchsorted(mass, q)]) for q in (0.025, 0.5, 0.975))
        return Interval(middle, (low, high))


def forecast_training(trainings: Sequence[Trained], *, most: float = math.inf) -> TrainingForecast:
    """Weigh laws of training length by how well they fit trainings of one or more lengths.

    Errors of neural networks fall with the length of training by a power law that ends at some error
    (Kaplan et al., Scaling Laws for Neural Language Models, 2020, arXiv:2001.08361; Domhan et al., Speeding
    up Automatic Hyperparameter Optimization of Deep Neural Networks by Extrapolation of Learning Curves,
    IJCAI 2015). Each training must have ended with its learning rate at zero: the epochs of one training say
    less. A single training leaves the exponent to its prior and the floor open.

    Args:
        trainings: Trainings of different lengths with the same settings.
        most: The error of a constant answer. Laws are cut there: a short training may not have begun to
            learn.

    Raises:
        ValueError: There is no training, or one has no epochs or a negative error.
    """
    known = sorted(trainings, key=lambda each: each.epochs)
    if not known or any(each.epochs <= 0 or each.error < 0 for each in known):
        raise ValueError(f"A forecast needs trainings of some epochs with errors of 0 or more, not {known}.")
    longest = known[-1]
    z, floor, exponent = (each.ravel() for each in np.meshgrid(_Z, FLOORS, _EXPONENTS, indexing="ij"))
    last = np.maximum(longest.error + z * longest.se, 0.0)
    away = np.log(exponent / EXPONENT) / EXPONENT_SPREAD
    logs = -0.5 * (z**2 + away**2)
    for each in known[:-1]:
        expected = last * (floor + (1 - floor) * (each.epochs / longest.epochs) ** -exponent)
        expected = np.minimum(expected, max(most, longest.error))
        spread = math.hypot(APART * each.se, ROUGH * each.error) + 1e-9
        logs = logs - 0.5 * ((each.error + z * each.se - expected) / spread) ** 2
    weight = np.exp(logs - logs.max())
    return TrainingForecast(longest.epochs, len(known), last, floor, exponent, weight / weight.sum())
