"""Fit a power law error(n) = a + b·n^(-c) to scores."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autotl.errors import DataError

Floats = NDArray[np.float64]

EXPONENTS: Floats = np.geomspace(0.02, 2.0, 161)
"""The grid of exponents c, in steps of 3 %."""
EXPONENT, EXPONENT_SPREAD = 0.5, 0.7
"""Median and log standard deviation of the log-normal prior of c: two thirds lie in [0.25, 1]."""
FLOOR, FLOOR_SPREAD = 0.3, 0.5
"""Mean and standard deviation of the prior of a, as fractions of the error at the largest size."""
MAX_FLOOR = 1.0 - 1e-9
"""The upper bound of a, which must be below 1."""


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """The error after learning from n images: error(n) = a + b·n^(-c).

    >>> round(PowerLaw(a=0.1, b=1.0, c=0.5).at(100.0), 3)
    0.2

    Attributes:
        a: The irreducible error, in [0, 1).
        b: Scale of the reducible error, at least 0.
        c: Exponent, in [0.02, 2].
    """

    a: float
    b: float
    c: float

    def at(self, n: float) -> float:
        """Return the error after learning from ``n`` images, at most 1."""
        return min(1.0, self.a + self.b * math.pow(n, -self.c))


@dataclass(frozen=True, slots=True)
class Laws:
    """Several fitted power laws, error = a + b·(n/largest)^(-c).

    Attributes:
        a: Irreducible errors, (m,).
        b: Reducible errors at the largest size, (m,).
        c: Exponents, (m,).
        misfit: Minimum of each objective: weighted squared errors plus the priors, (m,).
    """

    a: Floats
    b: Floats
    c: Floats
    misfit: Floats


def fit_power_law(sizes: ArrayLike, errors: ArrayLike, se: ArrayLike) -> PowerLaw:
    """Fit a power law to the errors at several training-set sizes.

    The fit is weighted least squares with 0 ≤ a < 1, b ≥ 0 and c in [0.02, 2]. Weak priors make 5 or 6 points
    sufficient: log c has mean log 0.5 and standard deviation 0.7; a has mean 0.3 and standard deviation 0.5,
    as fractions of the error at the largest size. Exponents measured in many fields lie in this range
    (Hestness et al., Deep Learning Scaling is Predictable, Empirically, 2017, arXiv:1712.00409). This form
    extrapolates best overall (Viering and Loog, The Shape of Learning Curves, TPAMI 2022; Mahmood et al., How
    Much More Data Do I Need?, CVPR 2022). For a given c, the best a and b have a closed form, so only c is
    searched (Golub and Pereyra, variable projection, 1973). The result does not depend on a starting point.

    Args:
        sizes: Numbers of training images, (s,).
        errors: Errors at these sizes, (s,).
        se: Standard errors of the errors, above 0, (s,).

    Raises:
        DataError: If there are fewer than three sizes, or values are out of range.
    """
    n, e, s = (np.asarray(each, dtype=np.float64) for each in (sizes, errors, se))
    if len(np.unique(n)) < 3 or not n.shape == e.shape == s.shape:
        raise DataError(
            f"A learning curve must have an error at 3 or more sizes (got {len(n)} sizes). Add sizes."
        )
    if not (np.isfinite(e).all() and (n > 0).all() and (s > 0).all()):
        raise DataError(
            "Sizes and standard errors of a learning curve must be above 0, and errors must be finite."
        )
    largest = float(n.max())
    found = fit_laws(n / largest, e[None], s)
    a, b, c = (float(each[0]) for each in (found.a, found.b, found.c))
    return PowerLaw(a, b * largest**c, c)


def fit_laws(
    shares: Floats,
    errors: Floats,
    se: Floats,
    *,
    floored: bool = True,
    exponent: ArrayLike = EXPONENT,
    floor: ArrayLike = FLOOR,
) -> Laws:
    """Fit one power law to each row of errors.

    Args:
        shares: Sizes as fractions of the largest, in (0, 1], (s,).
        errors: Errors at these sizes, (m, s).
        se: Standard errors, (s,).
        floored: Whether a may be above 0.
        exponent: Median of the prior of c, one value or (m,).
        floor: Mean of the prior of a, as a fraction of the last error, one value or (m,).
    """
    last = np.maximum(errors[:, [int(np.argmax(shares))]], se.min())  # (m, 1)
    precision = 1 / (FLOOR_SPREAD * last) ** 2
    centre = np.reshape(np.asarray(floor, dtype=np.float64), (-1, 1)) * last
    squares = _Squares(shares, errors, 1 / se**2)
    a, b, least = squares.minimise(precision, centre) if floored else squares.minimise_without_floor()
    away = (np.log(EXPONENTS) - np.log(np.reshape(np.asarray(exponent, dtype=np.float64), (-1, 1)))) ** 2
    total = least + away / EXPONENT_SPREAD**2
    best = np.arange(len(errors)), total.argmin(1)
    return Laws(a[best], b[best], EXPONENTS[best[1]], total[best])


class _Squares:
    """The weighted sum of squares of each row for each exponent, as a function of a and b.

    Args:
        shares: Sizes as fractions of the largest, (s,).
        errors: Errors, (m, s).
        weight: Inverse variances, (s,).
    """

    def __init__(self, shares: Floats, errors: Floats, weight: Floats) -> None:
        powers = shares ** -EXPONENTS[:, None]  # (exponents, s)
        self._w, self._wp, self._wpp = weight.sum(), powers @ weight, (powers**2) @ weight
        self._wy = (errors @ weight)[:, None]  # (m, 1)
        self._wpy = errors @ (powers * weight).T  # (m, exponents)
        self._wyy = (errors**2 @ weight)[:, None]

    def minimise(self, precision: Floats, centre: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the best a and b, and the minimum with the prior of a, each (m, exponents).

        The objective is convex in a and b. Its minimum lies inside the bounds or on one of their edges.
        """
        zero = np.zeros_like(self._wpy)
        prior_weight = self._w + precision
        prior_wy = self._wy + precision * centre
        inner = (self._wpp * prior_wy - self._wp * self._wpy) / (prior_weight * self._wpp - self._wp**2)
        flat = np.clip(prior_wy / prior_weight, 0, MAX_FLOOR) + zero
        floors = zero, np.clip(inner, 0, MAX_FLOOR), zero + MAX_FLOOR
        options = [*((a, self._best_b(a)) for a in floors), (flat, zero)]
        sums = np.stack([self._sum(a, b) + precision * (a - centre) ** 2 for a, b in options])
        which = sums.argmin(0)[None]
        a, b = (np.take_along_axis(np.stack(each), which, 0)[0] for each in zip(*options, strict=True))
        return a, b, sums.min(0)

    def minimise_without_floor(self) -> tuple[Floats, Floats, Floats]:
        """Return a = 0, the best b and the minimum, each (m, exponents)."""
        zero = np.zeros_like(self._wpy)
        b = self._best_b(zero)
        return zero, b, self._sum(zero, b)

    def _best_b(self, a: Floats) -> Floats:
        return np.maximum((self._wpy - self._wp * a) / self._wpp, 0)

    def _sum(self, a: Floats, b: Floats) -> Floats:
        cross = 2 * self._wp * a * b
        found: Floats = (
            self._w * a**2 + cross + self._wpp * b**2 - 2 * a * self._wy - 2 * b * self._wpy + self._wyy
        )
        return found
