"""Forecast what more images would bring, with what can be known of it."""

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

FAR = 100  # times the data: nothing is said of what lies beyond
TRUSTED = 4.0  # times the data, up to which a curve is taken to go on as it went
PACE, PACE_BEYOND = 0.25, 0.7
"""How much faster or slower, in logarithms (1 standard deviation), a curve may go on past the data and past
what is trusted: measured curves follow no law exactly.
"""
OWN_SHARE = 0.25
"""Of the variance of the validation images' choice, the part that at least differs from size to size."""
MEASURABLE, WORTH = 0.05, 0.5  # points: what rounds to 0.0 is no gain
ROUGH = 0.02  # of the error: how far from a law a measured curve may lie at any size


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and the 95 % interval around it."""

    value: float
    ci95: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A learning curve and its continuation, as an ensemble of curves that the measured points allow.

    ``sizes`` (s,) and ``scores`` (s,) are the points, the mean over the repeats. Made by :func:`forecast`.
    """

    sizes: NDArray[np.int64]
    scores: Floats
    _laws: Laws
    _logarithmic: NDArray[np.bool_]
    _pace: Floats

    @property
    def largest(self) -> int:
        """The largest number of images that was learned from."""
        return int(self.sizes[-1])

    def at(self, n: float) -> Interval:
        """The score after learning from ``n`` images, on a validation set without end."""
        return _interval(self.members(n)[:, 0])

    def gain(self, more: float, *, since: float | None = None) -> Interval:
        """What ``more`` images than ``since``, or than the largest size, would add to the score.

        Each curve of the ensemble is compared with itself, so that what all sizes share cancels out.
        """
        start = self.largest if since is None else since
        ends = self.members(np.array([start, start + more]))
        return _interval(ends[:, 1] - ends[:, 0])

    def needed(self, score: float) -> Interval | None:
        """How many images the score takes; None where most of the ensemble does not reach it within 100 times
        the data. The upper end is infinite where some of it does not.
        """
        sizes = _ladder(self.sizes[0], self.largest)
        return _sizes_interval(_first(self.members(sizes) >= score, sizes))

    def members(self, n: Any) -> Floats:
        """The scores of all curves of the ensemble at sizes (k,), as (members, k)."""
        share = np.atleast_1d(np.asarray(n, dtype=np.float64))[None] / self.largest  # (1, k)
        far = np.log(share)
        near = np.minimum(far, math.log(TRUSTED))
        pace = self._pace[:, None]
        far = near * np.where(far > 0, np.exp(PACE * pace), 1) + (far - near) * np.exp(PACE_BEYOND * pace)
        a, b, c = (each[:, None] for each in (self._laws.a, self._laws.b, self._laws.c))
        error = np.where(self._logarithmic[:, None], a - b * far, a + b * np.exp(-c * far))
        scores: Floats = 1 - np.clip(error, 0, 1)
        return scores


def forecast(
    sizes: NDArray[np.int64], scores: Floats, n_val: int, *, resamples: int = 200, seed: int
) -> Curve:
    """The learning curve through validation accuracies ``scores`` (s, repeats) at rising ``sizes`` (s,).

    ``n_val`` is how many images the repeats were validated on in all: where each repeat has a part of its
    own, the sum of these. Each of the ``resamples`` curves is fitted to points moved by the noise: that of
    the validation images, which all sizes share, is binomial; that of each size comes from how its repeats
    scatter. The centres of the priors are drawn too, so that the ensemble is as wide as what the points leave
    open. Three families take part by how well they fit: power laws that end at some error, ones that end at
    0, and errors that fall by the logarithm of n. Past the data a curve may go on faster or slower than its
    law, and beyond 4 times the data more so. The power laws are those of
    :func:`autotl.curve.fit_power_law`. Raises DataError for fewer than three sizes or sizes that do not rise.
    """
    sizes = np.asarray(sizes, dtype=np.int64)
    errors = 1 - np.asarray(scores, dtype=np.float64)  # (s, repeats)
    if len(sizes) < 3 or errors.ndim != 2 or len(errors) != len(sizes) or (np.diff(sizes) <= 0).any():
        raise DataError(
            f"A forecast needs scores (sizes, repeats) at 3 or more rising sizes, but was given scores "
            f"{errors.shape} at {len(sizes)} sizes."
        )
    rng = np.random.default_rng(derive(seed, "forecast"))
    mean = errors.mean(1)
    coin = (mean * n_val + 1) / (n_val + 2)
    coin = coin * (1 - coin)  # the variance of one answer, never 0
    own = np.sqrt(coin * _scatter(errors, coin, n_val) + (ROUGH * mean) ** 2)  # (s,)
    shared = rng.standard_normal((resamples, 1)) * np.sqrt(coin / n_val)
    moved = np.clip(mean + shared + rng.standard_normal((resamples, len(sizes))) * own, 1e-6, 1)
    shares = sizes / sizes[-1]

    exponent = EXPONENT * np.exp(EXPONENT_SPREAD * rng.standard_normal(resamples))
    floor = np.maximum(FLOOR + FLOOR_SPREAD * rng.standard_normal(resamples), 0)
    misfits = np.array([each.misfit[0] for each in _fits(shares, mean[None], own, EXPONENT, FLOOR)])
    weights = np.exp((misfits.min() - misfits) / 2)
    chosen = rng.choice(len(weights), size=resamples, p=weights / weights.sum())
    fitted = _fits(shares, moved, own, exponent, floor)
    rows = np.arange(resamples)
    a, b, c, misfit = (
        np.stack([getattr(each, name) for each in fitted])[chosen, rows] for name in ("a", "b", "c", "misfit")
    )
    return Curve(sizes, 1 - mean, Laws(a, b, c, misfit), chosen == 2, rng.standard_normal(resamples))


def catch_up(curve_a: Curve, curve_b: Curve) -> Interval | None:
    """The number of images with which curve b first scores as curve a does, such as training from scratch as
    transfer does.

    Where b is ahead at the end of the data already, it is the number from which on it has been. None where
    most pairs of the two ensembles do not meet within 100 times the data; the upper end is infinite where
    some do not. The curves need as many resamples as each other, and seeds of their own.
    """
    largest = max(curve_a.largest, curve_b.largest)
    sizes = _ladder(min(curve_a.sizes[0], curve_b.sizes[0]), largest)
    ahead = curve_b.members(sizes) >= curve_a.members(sizes)
    measured = int(np.searchsorted(sizes, largest))
    within = ahead[:, measured::-1]  # from the end of the data back
    ahead[:, : measured + 1] = np.logical_and.accumulate(within, axis=1)[:, ::-1]
    return _sizes_interval(_first(ahead, sizes))


def sentence(curve: Curve, more: int, *, since: float | None = None) -> str:
    """What so many more images would bring, in points: hundredths of the score."""
    gain = curve.gain(more, since=since)
    value, low, high = (100 * each for each in (gain.value, *gain.ci95))
    subject = f"{more:,} more image{'' if more == 1 else 's'} would"
    span = f"({low + 0.0:.1f} to {high:.1f})"
    if low >= MEASURABLE:
        return f"{subject} give about {value:+.1f} points {span}."
    if value >= WORTH:
        return f"{subject} give about {value:+.1f} points, but none is possible too {span}."
    return f"{subject} bring no measurable gain ({low + 0.0:.1f} to {high:.1f} points)."


def catch_up_sentence(transfer: Curve, scratch: Curve) -> str:
    """From how many images on training from scratch would score as transfer does."""
    found = catch_up(transfer, scratch)
    largest = max(transfer.largest, scratch.largest)
    if found is None:
        return (
            f"Training from scratch would not catch up with transfer within {FAR} times the data "
            f"({_rounded(FAR * largest)} images)."
        )
    low, high = found.ci95
    most = _rounded(high) if math.isfinite(high) else f"more than {_rounded(FAR * largest)}"
    verb = "does" if found.value <= largest else "would do"
    return (
        f"Training from scratch {verb} as well as transfer from about {_rounded(found.value)} images on "
        f"({_rounded(low)} to {most})."
    )


def _rounded(n: float) -> str:
    """A number of images to two digits that mean something."""
    digits = max(0, math.floor(math.log10(max(n, 1))) - 1)
    return f"{round(n, -digits):,.0f}"


def _scatter(errors: Floats, coin: Floats, n_val: int) -> float:
    """The variance of a size's mean over the repeats in units of ``coin``, without what all sizes share."""
    count, repeats = errors.shape
    if repeats < 2:
        return 1 / n_val
    rest = errors - errors.mean(1, keepdims=True) - errors.mean(0) + errors.mean()
    found = float(np.sum(rest**2 / coin[:, None])) / ((count - 1) * (repeats - 1) * repeats)
    return found if found > OWN_SHARE / n_val else OWN_SHARE / n_val


def _fits(
    shares: Floats, errors: Floats, se: Floats, exponent: Floats | float, floor: Floats | float
) -> tuple[Laws, Laws, Laws]:
    """The nearest power laws that end at some error, power laws that end at 0, and logarithms."""
    return (
        fit_laws(shares, errors, se, exponent=exponent, floor=floor),
        fit_laws(shares, errors, se, exponent=exponent, floored=False),
        _logarithm(shares, errors, se),
    )


def _logarithm(shares: Floats, errors: Floats, se: Floats) -> Laws:
    """error = a - b·log(n/largest), b ≥ 0, nearest to each row of ``errors`` (m, s)."""
    x, weight = -np.log(shares), 1 / se**2
    middle = (weight @ x) / weight.sum()
    level = errors @ weight / weight.sum()
    b = np.maximum(errors @ (weight * (x - middle)) / (weight @ (x - middle) ** 2), 0)
    a = level - b * middle
    misfit = ((errors - a[:, None] - b[:, None] * x) ** 2) @ weight
    return Laws(a, b, np.ones_like(a), misfit)


def _ladder(smallest: int, largest: int) -> Floats:
    """Numbers of images from the smallest measured to 100 times the data, 1 % apart."""
    steps = math.ceil(math.log(FAR * largest / smallest) / math.log(1.01))
    return np.geomspace(smallest, FAR * largest, steps + 1)


def _first(reached: NDArray[np.bool_], sizes: Floats) -> Floats:
    """The first size (members,) at which ``reached`` (members, sizes) holds; infinite for none."""
    first: Floats = np.where(reached.any(1), sizes[reached.argmax(1)], np.inf)
    return first


def _interval(values: Floats) -> Interval:
    low, middle, high = np.quantile(values, (0.025, 0.5, 0.975))
    return Interval(float(middle), (float(low), float(high)))


def _sizes_interval(values: Floats) -> Interval | None:
    # no interpolation: between a number and infinity there is none
    low, middle, high = np.quantile(values, (0.025, 0.5, 0.975), method="inverted_cdf")
    return Interval(float(middle), (float(low), float(high))) if math.isfinite(middle) else None
