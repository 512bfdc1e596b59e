"""Forecast the score of a longer training from shorter ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.curve.forecast import Interval

Floats = NDArray[np.float64]

EXPONENT, EXPONENT_SPREAD = 0.7, 0.6
"""Median and log standard deviation of the log-normal prior of the exponent."""
FLOORS: Floats = np.linspace(0.0, 0.95, 20)
"""The grid of irreducible errors, as fractions of the last error, with a uniform prior."""
INDEPENDENT_FRACTION = 0.5
"""The fraction of an error's noise that is independent between trainings of different lengths.

All trainings are validated on the same images, so the rest of the noise is shared.
"""
MISFIT_SD = 0.1
"""Standard deviation of an error around its law, as a fraction of the error."""

_Z: Floats = np.linspace(-2.4, 2.4, 9)
_EXPONENTS: Floats = EXPONENT * np.exp(EXPONENT_SPREAD * np.linspace(-2.4, 2.4, 25))


@dataclass(frozen=True, slots=True)
class TrainingPoint:
    """The result of one finished training.

    Attributes:
        epochs: Length of the training in epochs, above 0.
        error: Distance from the best possible score: 1 - accuracy, or the log loss.
        se: Standard error of the error.
    """

    epochs: float
    error: float
    se: float


@dataclass(frozen=True, slots=True)
class TrainingForecast:
    """A weighted ensemble of power laws of the error over epochs.

    Each law is error = a + b · (epochs / longest)^(-c).

    Attributes:
        longest: Length of the longest known training, in epochs.
        lengths: Number of known trainings.
        last: Error after the longest training, (laws,).
        floor: Irreducible error as a fraction of ``last``, (laws,).
        exponent: Exponent c, (laws,).
        weight: Posterior probabilities, (laws,).
    """

    longest: float
    lengths: int
    last: Floats
    floor: Floats
    exponent: Floats
    weight: Floats

    def errors(self, epochs: float) -> Floats:
        """Return the error of each law after a number of epochs, (laws,)."""
        decay: Floats = (1 - self.floor) * (epochs / self.longest) ** -self.exponent
        return self.last * (self.floor + decay)

    def at(self, epochs: float) -> Interval:
        """Return median and 95 % interval of the error after ``epochs``."""
        return self._interval(self.errors(epochs))

    def remaining(self) -> Interval:
        """Return median and 95 % interval of the removable error."""
        return self._interval(self.last * (1 - self.floor))

    def probability_below(self, error: float, *, epochs: float) -> float:
        """Return the probability of an error below ``error``."""
        return float(self.weight[self.errors(epochs) < error].sum())

    def expected_improvement(self, error: float, *, epochs: float) -> float:
        """Return the expected improvement over ``error``, at least 0."""
        return float((self.weight * np.maximum(error - self.errors(epochs), 0.0)).sum())

    def _interval(self, values: Floats) -> Interval:
        order = np.argsort(values)
        mass = np.cumsum(self.weight[order])
        low, middle, high = (float(values[order][np.searchsorted(mass, q)]) for q in (0.025, 0.5, 0.975))
        return Interval(middle, (low, high))


def forecast_training(trainings: Sequence[TrainingPoint], *, max_error: float = math.inf) -> TrainingForecast:
    """Compute the posterior of training-length laws from one or more finished trainings.

    The error of neural networks falls with training length by a power law with an irreducible error (Kaplan
    et al., Scaling Laws for Neural Language Models, 2020, arXiv:2001.08361; Domhan et al., Speeding up
    Automatic Hyperparameter Optimization of Deep Neural Networks by Extrapolation of Learning Curves, IJCAI
    2015). The learning rate of each training must have decayed to zero, so the epochs of one training are not
    separate points. With a single training, exponent and floor follow their priors.

    Args:
        trainings: Finished trainings of different lengths with the same settings.
        max_error: Error of a constant prediction. Laws are clipped there, because a short training may not
            have learned anything.

    Raises:
        ValueError: If there is no training, or one has no epochs or a negative error.
    """
    known = sorted(trainings, key=lambda each: each.epochs)
    if not known or any(each.epochs <= 0 or each.error < 0 for each in known):
        raise ValueError(f"Trainings must have epochs above 0 and errors of at least 0 (got {known}).")
    longest = known[-1]
    z, floor, exponent = (each.ravel() for each in np.meshgrid(_Z, FLOORS, _EXPONENTS, indexing="ij"))
    last = np.maximum(longest.error + z * longest.se, 0.0)
    exponent_z = np.log(exponent / EXPONENT) / EXPONENT_SPREAD
    log_weight = -0.5 * (z**2 + exponent_z**2)
    for each in known[:-1]:
        expected = last * (floor + (1 - floor) * (each.epochs / longest.epochs) ** -exponent)
        expected = np.minimum(expected, max(max_error, longest.error))
        spread = math.hypot(INDEPENDENT_FRACTION * each.se, MISFIT_SD * each.error) + 1e-9
        log_weight = log_weight - 0.5 * ((each.error + z * each.se - expected) / spread) ** 2
    weight = np.exp(log_weight - log_weight.max())
    return TrainingForecast(longest.epochs, len(known), last, floor, exponent, weight / weight.sum())
