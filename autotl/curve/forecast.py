"""Forecast the score with more images from a learning curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.curve.power_law import EXPONENT, EXPONENT_SPREAD, FLOOR, FLOOR_SPREAD, Laws, fit_laws
from autotl.errors import DataError
from autotl.seeds import derive

Floats = NDArray[np.float64]

MAX_FACTOR = 100
"""The largest size of a forecast, as a multiple of the data."""
TRUSTED_FACTOR = 4.0
"""The size, as a multiple of the data, up to which the fitted law is trusted."""
PACE_SD, FAR_PACE_SD = 0.25, 0.7
"""Log standard deviation of the curve's speed beyond the data, and beyond the trusted size.

Measured curves follow no law exactly, so an extrapolated curve may be faster or slower than its law.
"""
MIN_OWN_VARIANCE = 0.25
"""The smallest part of the variance from the validation images that is independent between sizes."""
MEASURABLE_POINTS = 0.05
"""The smallest gain that is reported, in points: a smaller one rounds to 0.0."""
RELEVANT_POINTS = 0.5
"""The smallest uncertain gain that is reported, in points."""
MISFIT_SD = 0.02
"""Standard deviation of a curve around its law, as a fraction of the error."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    ci95: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class FittedCurve:
    """A learning curve with its extrapolation, as an ensemble of fitted curves.

    :func:`forecast` creates it.

    Attributes:
        sizes: Numbers of training images, rising, (s,).
        scores: Mean scores over the repeats, (s,).
    """

    sizes: NDArray[np.int64]
    scores: Floats
    _laws: Laws
    _logarithmic: NDArray[np.bool_]
    _pace: Floats

    @property
    def largest(self) -> int:
        """The largest number of training images of the points."""
        return int(self.sizes[-1])

    def at(self, n: float) -> Interval:
        """Return the expected score after learning from ``n`` images."""
        return _interval(self.members(n)[:, 0])

    def gain(self, more: float, *, since: float | None = None) -> Interval:
        """Return the increase of the score with more images.

        Each curve of the ensemble is compared with itself, so errors shared by all sizes cancel.

        Args:
            more: Number of additional images.
            since: Number of images to start from; by default the largest size.
        """
        start = self.largest if since is None else since
        ends = self.members(np.array([start, start + more]))
        return _interval(ends[:, 1] - ends[:, 0])

    def needed(self, score: float) -> Interval | None:
        """Return the number of images needed to reach a score.

        Returns:
            The number with its interval, whose upper end is infinite if some curves of the ensemble do not
            reach the score within 100 times the data; None if most do not.
        """
        sizes = _size_grid(self.sizes[0], self.largest)
        return _sizes_interval(_first_size(self.members(sizes) >= score, sizes))

    def members(self, n: Any) -> Floats:
        """Return the ensemble's scores at sizes (k,), as (members, k)."""
        share = np.atleast_1d(np.asarray(n, dtype=np.float64))[None] / self.largest  # (1, k)
        log_share = np.log(share)
        trusted = np.minimum(log_share, math.log(TRUSTED_FACTOR))
        pace = self._pace[:, None]
        trusted_pace = np.where(log_share > 0, np.exp(PACE_SD * pace), 1)
        log_share = trusted * trusted_pace + (log_share - trusted) * np.exp(FAR_PACE_SD * pace)
        a, b, c = (each[:, None] for each in (self._laws.a, self._laws.b, self._laws.c))
        error = np.where(self._logarithmic[:, None], a - b * log_share, a + b * np.exp(-c * log_share))
        scores: Floats = 1 - np.clip(error, 0, 1)
        return scores


def forecast(
    sizes: NDArray[np.int64], scores: Floats, n_val: int, *, resamples: int = 200, seed: int
) -> FittedCurve:
    """Fit an ensemble of learning curves to validation accuracies.

    Each curve is fitted to points with random noise. The noise of the validation images is binomial and
    shared by all sizes. The noise of each size is estimated from its repeats. The centres of the priors are
    random too, so the ensemble reflects everything that the points leave open.

    Three families take part, weighted by their fit: power laws with an irreducible error, power laws without
    one, and errors that fall with log n. Beyond the data, the speed of each curve is random, and more so
    beyond 4 times the data. :func:`autotl.curve.fit_power_law` describes the priors.

    Args:
        sizes: Numbers of training images, rising, (s,).
        scores: Validation accuracies in [0, 1], (s, repeats).
        n_val: Number of validation images, summed over repeats that have different ones.
        resamples: Number of curves in the ensemble.
        seed: Seed of the noise.

    Raises:
        DataError: If there are fewer than three sizes, or they do not rise.
    """
    sizes = np.asarray(sizes, dtype=np.int64)
    errors = 1 - np.asarray(scores, dtype=np.float64)  # (s, repeats)
    if len(sizes) < 3 or errors.ndim != 2 or len(errors) != len(sizes) or (np.diff(sizes) <= 0).any():
        raise DataError(
            f"Scores must have the shape (sizes, repeats) with 3 or more rising sizes "
            f"(got {errors.shape} and {len(sizes)} sizes)."
        )
    rng = np.random.default_rng(derive(seed, "forecast"))
    mean = errors.mean(1)
    smoothed = (mean * n_val + 1) / (n_val + 2)
    binomial = smoothed * (1 - smoothed)  # the variance of one answer, never 0
    own_sd = np.sqrt(binomial * _own_variance(errors, binomial, n_val) + (MISFIT_SD * mean) ** 2)  # (s,)
    shared = rng.standard_normal((resamples, 1)) * np.sqrt(binomial / n_val)
    noisy = np.clip(mean + shared + rng.standard_normal((resamples, len(sizes))) * own_sd, 1e-6, 1)
    shares = sizes / sizes[-1]

    exponent = EXPONENT * np.exp(EXPONENT_SPREAD * rng.standard_normal(resamples))
    floor = np.maximum(FLOOR + FLOOR_SPREAD * rng.standard_normal(resamples), 0)
    misfits = np.array([each.misfit[0] for each in _fits(shares, mean[None], own_sd, EXPONENT, FLOOR)])
    weights = np.exp((misfits.min() - misfits) / 2)
    chosen = rng.choice(len(weights), size=resamples, p=weights / weights.sum())
    fitted = _fits(shares, noisy, own_sd, exponent, floor)
    rows = np.arange(resamples)
    a, b, c, misfit = (
        np.stack([getattr(each, name) for each in fitted])[chosen, rows] for name in ("a", "b", "c", "misfit")
    )
    return FittedCurve(sizes, 1 - mean, Laws(a, b, c, misfit), chosen == 2, rng.standard_normal(resamples))


def crossover(curve_a: FittedCurve, curve_b: FittedCurve) -> Interval | None:
    """Return the number of images at which curve b reaches curve a.

    A typical use: curve a is transfer, curve b is training from scratch. If b already leads at the end of the
    data, the result is the number from which it has led. The curves must have the same number of members, and
    different seeds.

    Args:
        curve_a: The curve to reach.
        curve_b: The curve that reaches it.

    Returns:
        The number with its interval, whose upper end is infinite if some pairs of members do not meet within
        100 times the data; None if most pairs do not.
    """
    largest = max(curve_a.largest, curve_b.largest)
    sizes = _size_grid(min(curve_a.sizes[0], curve_b.sizes[0]), largest)
    leads = curve_b.members(sizes) >= curve_a.members(sizes)
    measured = int(np.searchsorted(sizes, largest))
    backwards = leads[:, measured::-1]  # from the end of the data
    leads[:, : measured + 1] = np.logical_and.accumulate(backwards, axis=1)[:, ::-1]
    return _sizes_interval(_first_size(leads, sizes))


def gain_sentence(curve: FittedCurve, more: int, *, since: float | None = None) -> str:
    """Describe the gain with more images, in points (hundredths of the score).

    Args:
        curve: The learning curve.
        more: Number of additional images.
        since: Number of images to start from; by default the largest size.
    """
    gain = curve.gain(more, since=since)
    value, low, high = (100 * each for each in (gain.value, *gain.ci95))
    subject = f"{more:,} more image{'' if more == 1 else 's'} would"
    span = f"({low + 0.0:.1f} to {high:.1f})"
    if low >= MEASURABLE_POINTS:
        return f"{subject} give about {value:+.1f} points {span}."
    if value >= RELEVANT_POINTS:
        return f"{subject} give about {value:+.1f} points, but possibly none {span}."
    return f"{subject} give no measurable gain ({low + 0.0:.1f} to {high:.1f} points)."


def crossover_sentence(transfer: FittedCurve, scratch: FittedCurve) -> str:
    """Describe the number of images at which training from scratch matches transfer."""
    found = crossover(transfer, scratch)
    largest = max(transfer.largest, scratch.largest)
    if found is None:
        return (
            f"Training from scratch would not match transfer within {MAX_FACTOR} times the data "
            f"({_rounded(MAX_FACTOR * largest)} images)."
        )
    low, high = found.ci95
    high_text = _rounded(high) if math.isfinite(high) else f"more than {_rounded(MAX_FACTOR * largest)}"
    verb = "matches" if found.value <= largest else "would match"
    return (
        f"Training from scratch {verb} transfer from about {_rounded(found.value)} images on "
        f"({_rounded(low)} to {high_text})."
    )


def _rounded(n: float) -> str:
    """Format a number of images with two significant digits."""
    digits = max(0, math.floor(math.log10(max(n, 1))) - 1)
    return f"{round(n, -digits):,.0f}"


def _own_variance(errors: Floats, binomial: Floats, n_val: int) -> float:
    """Return the variance of a size's mean error not shared by all sizes, in units of ``binomial``."""
    count, repeats = errors.shape
    if repeats < 2:
        return 1 / n_val
    rest = errors - errors.mean(1, keepdims=True) - errors.mean(0) + errors.mean()
    found = float(np.sum(rest**2 / binomial[:, None])) / ((count - 1) * (repeats - 1) * repeats)
    return found if found > MIN_OWN_VARIANCE / n_val else MIN_OWN_VARIANCE / n_val


def _fits(
    shares: Floats, errors: Floats, se: Floats, exponent: Floats | float, floor: Floats | float
) -> tuple[Laws, Laws, Laws]:
    """Fit power laws with and without an irreducible error, and logarithms."""
    return (
        fit_laws(shares, errors, se, exponent=exponent, floor=floor),
        fit_laws(shares, errors, se, exponent=exponent, floored=False),
        _fit_logarithm(shares, errors, se),
    )


def _fit_logarithm(shares: Floats, errors: Floats, se: Floats) -> Laws:
    """Fit error = a - b·log(n/largest) with b ≥ 0 to each row of ``errors`` (m, s)."""
    x, weight = -np.log(shares), 1 / se**2
    middle = (weight @ x) / weight.sum()
    level = errors @ weight / weight.sum()
    b = np.maximum(errors @ (weight * (x - middle)) / (weight @ (x - middle) ** 2), 0)
    a = level - b * middle
    misfit = ((errors - a[:, None] - b[:, None] * x) ** 2) @ weight
    return Laws(a, b, np.ones_like(a), misfit)


def _size_grid(smallest: int, largest: int) -> Floats:
    """Return sizes from the smallest to 100 times the data, in steps of 1 %."""
    steps = math.ceil(math.log(MAX_FACTOR * largest / smallest) / math.log(1.01))
    return np.geomspace(smallest, MAX_FACTOR * largest, steps + 1)


def _first_size(reached: NDArray[np.bool_], sizes: Floats) -> Floats:
    """Return the first size (members,) at which ``reached`` (members, sizes) is true, or infinity."""
    first: Floats = np.where(reached.any(1), sizes[reached.argmax(1)], np.inf)
    return first


def _interval(values: Floats) -> Interval:
    low, middle, high = np.quantile(values, (0.025, 0.5, 0.975))
    return Interval(float(middle), (float(low), float(high)))


def _sizes_interval(values: Floats) -> Interval | None:
    # without interpolation, which is impossible between a number and infinity
    low, middle, high = np.quantile(values, (0.025, 0.5, 0.975), method="inverted_cdf")
    return Interval(float(middle), (float(low), float(high))) if math.isfinite(middle) else None
