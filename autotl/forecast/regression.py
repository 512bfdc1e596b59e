"""Bayesian linear regression with a conjugate prior, in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Student:
    """Student's t distribution with ``freedom`` > 2 degrees of freedom.

    It has the given location and scale.
    """

    location: float
    scale: float
    freedom: float

    @property
    def variance(self) -> float:
        """The variance."""
        return self.scale**2 * self.freedom / (self.freedom - 2)

    def quantiles(self, shares: Floats) -> Floats:
        """Return the values below which these shares lie, (n,)."""
        found: Floats = self.location + self.scale * stdtrit(self.freedom, shares)
        return found

    def below(self, values: Floats) -> Floats:
        """Return the probabilities of smaller values, in the shape of ``values``."""
        found: Floats = stdtr(self.freedom, (values - self.location) / self.scale)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """The posterior of a linear regression with unknown noise.

    The model is ``y ~ N(xᵀβ, σ² v)`` with ``β ~ N(m, σ² Λ⁻¹)`` and ``σ² ~ InvGamma(a, b)``. The variance
    factor v of a row is known. With rows X, y and weights ``W = diag(c / v)``, the posterior has the numbers

    - ``Λ' = Λ + Xᵀ W X`` and ``m' = Λ'⁻¹ (Λ m + Xᵀ W y)``,
    - ``a' = a + Σc / 2`` and ``b' = b + (yᵀ W y + mᵀ Λ m − m'ᵀ Λ' m') / 2``.

    At x, y has Student's t distribution with 2a degrees of freedom. Its location is ``xᵀm`` and its squared
    scale ``(v + xᵀ Λ⁻¹ x) b / a`` (Bishop, Pattern Recognition and Machine Learning, 2006, § 3.3).

    Attributes:
        mean: m, (k,).
        precision: Λ, (k, k).
        shape: a, above 1.
        rate: b, above 0.
    """

    mean: Floats
    precision: Floats
    shape: float
    rate: float

    def updated(self, x: Floats, y: Floats, *, counts: Floats, variances: Floats) -> Regression:
        """Return the posterior after further rows.

        Args:
            x: The rows, (n, k).
            y: Their outcomes, (n,).
            counts: The number of independent rows that each row counts as, c, (n,).
            variances: The variance factor of each row, v, (n,).
        """
        weights = counts / variances
        precision = self.precision + x.T @ (weights[:, None] * x)
        pull = self.precision @ self.mean
        mean = np.asarray(np.linalg.solve(precision, pull + x.T @ (weights * y)), dtype=np.float64)
        squares = float(weights @ y**2 + self.mean @ pull - mean @ precision @ mean)
        return Regression(
            mean, precision, self.shape + float(counts.sum()) / 2, self.rate + max(squares, 0.0) / 2
        )

    def widened(self, precisions: Floats) -> Regression:
        """Return the regression with further coefficients.

        Their prior is N(0, σ² / precision).
        """
        old, new = len(self.mean), len(precisions)
        precision = np.zeros((old + new, old + new))
        precision[:old, :old] = self.precision
        precision[old:, old:] = np.diag(precisions)
        return Regression(np.concatenate([self.mean, np.zeros(new)]), precision, self.shape, self.rate)

    def predict(self, x: Floats, *, variance: float = 1.0) -> Student:
        """Return the distribution of the outcome at ``x``, (k,)."""
        spread = variance + float(x @ np.linalg.solve(self.precision, x))
        return Student(float(x @ self.mean), math.sqrt(spread * self.rate / self.shape), 2 * self.shape)

    def deviations(self) -> Floats:
        """Return the standard deviation of each coefficient, (k,)."""
        variances = np.diag(np.linalg.inv(self.precision)) * self.rate / (self.shape - 1)
        found: Floats = np.sqrt(variances)
        return found
