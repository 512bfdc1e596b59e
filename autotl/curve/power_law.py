"""Fit error(n) = a + b·n^(-c) to a few noisy points of a learning curve."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autotl.errors import DataError

Floats = NDArray[np.float64]

EXPONENTS: Floats = np.geomspace(0.02, 2.0, 161)
"""The values of c that are tried, each 3 % above the last."""
EXPONENT, EXPONENT_SPREAD = 0.5, 0.7
"""The prior of c: log-normal about 0.5, so that two thirds of curves are expected between 0.25 and 1."""
FLOOR, FLOOR_SPREAD = 0.3, 0.5
"""The prior of a, as shares of the error at the largest size."""
MOST = 1.0 - 1e-9  # a is less than 1


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """error(n) = a + b·n^(-c): what no number of images removes, and what falls with their number.

    >>> round(PowerLaw(a=0.1, b=1.0, c=0.5).at(100.0), 3)
    0.2
    """

    a: float
    b: float
    c: float

    def at(self, n: float) -> float:
        """The error after learning from ``n`` images; at most 1."""
        return min(1.0, self.a + self.b * math.pow(n, -self.c))


@dataclass(frozen=True, slots=True)
class Laws:
    """Many power laws in units of the largest size: error = a + b·(n/largest)^(-c), each array (m,).

    ``misfit`` is the least value of the sum that was minimised.
    """

    a: Floats
    b: Floats
    c: Floats
    misfit: Floats


def fit_power_law(sizes: ArrayLike, errors: ArrayLike, se: ArrayLike) -> PowerLaw:
    """The power law nearest to errors (s,) with standard errors ``se`` (s,) at ``sizes`` (s,).

    Weighted least squares with 0 ≤ a < 1, b ≥ 0 and c in [0.02, 2], and with weak priors, so that 5 or 6
    points suffice: log c about log 0.5 with a spread of 0.7, a about 0.3 of the error at the largest size
    with a spread of 0.5 of it. The exponents measured in many fields lie within that (Hestness et al., Deep
    Learning Scaling is Predictable, Empirically, 2017, arXiv:1712.00409); the form is the one found to
    extrapolate best on the whole (Viering and Loog, The Shape of Learning Curves, TPAMI 2022; Mahmood et al.,
    How Much More Data Do I Need?, CVPR 2022). For a given c the best a and b are known in closed form, so c
    alone is searched (Golub and Pereyra, variable projection, 1973): there is no start that it depends on.
    Raises DataError for fewer than three sizes, or sizes, errors or standard errors that make no sense.
    """
    n, e, s = (np.asarray(each, dtype=np.float64) for each in (sizes, errors, se))
    if len(np.unique(n)) < 3 or not n.shape == e.shape == s.shape:
        raise DataError(f"A learning curve needs at least 3 sizes with an error each, but has {len(n)}.")
    if not (np.isfinite(e).all() and (n > 0).all() and (s > 0).all()):
        raise DataError("A learning curve needs sizes and standard errors above 0, and finite errors.")
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
    """The nearest law to each row of ``errors`` (m, s) at ``shares`` (s,) of the largest size.

    ``exponent`` and ``floor`` are the centres of the priors, one for all rows or one each. With
    ``floored=False`` a is 0.
    """
    last = np.maximum(errors[:, [int(np.argmax(shares))]], se.min())  # (m, 1)
    precision = 1 / (FLOOR_SPREAD * last) ** 2
    centre = np.reshape(np.asarray(floor, dtype=np.float64), (-1, 1)) * last
    weight = 1 / se**2
    falls = shares ** -EXPONENTS[:, None]  # (exponents, s)
    ones, one, two = weight.sum(), falls @ weight, (falls**2) @ weight
    y, fy = (errors @ weight)[:, None], errors @ (falls * weight).T  # (m, 1), (m, exponents)
    yy = (errors**2 @ weight)[:, None]

    def misfit(a: Floats, b: Floats) -> Floats:
        data: Floats = ones * a**2 + 2 * one * a * b + two * b**2 - 2 * a * y - 2 * b * fy + yy
        if floored:
            data = data + precision * (a - centre) ** 2
        return data

    def along(a: Floats) -> tuple[Floats, Floats]:
        return a, np.maximum((fy - one * a) / two, 0)

    zero = np.zeros_like(fy)
    # The sum is convex in a and b: its least value lies inside the bounds, or else on one of these edges.
    options = [along(zero)]
    if floored:
        own = ones + precision
        pulled = y + precision * centre
        inner = (two * pulled - one * fy) / (own * two - one**2)
        flat = np.clip(pulled / own, 0, MOST) + zero
        options += [along(np.clip(inner, 0, MOST)), along(zero + MOST), (flat, zero)]
    sums = np.stack([misfit(a, b) for a, b in options])  # (options, m, exponents)
    away = (np.log(EXPONENTS) - np.log(np.reshape(np.asarray(exponent, dtype=np.float64), (-1, 1)))) ** 2
    total = sums.min(0) + away / EXPONENT_SPREAD**2
    at = np.arange(len(errors)), total.argmin(1)
    which = (sums.argmin(0)[at], *at)
    a, b = (np.stack(each)[which] for each in zip(*options, strict=True))
    return Laws(a, b, EXPONENTS[at[1]], total[at])
