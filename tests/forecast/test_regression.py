"""The conjugate regression recovers coefficients, and its intervals hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student

from autotl.forecast import Regression, Student

TRUE = np.array([0.5, -1.0, 2.0])


def prior(coefficients: int = 3) -> Regression:
    return Regression(np.zeros(coefficients), 0.1 * np.eye(coefficients), 2.0, 0.32)


def simulated(rows: int, *, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    return x, x @ TRUE + noise * rng.normal(size=rows)


def learned(before: Regression, x: np.ndarray, y: np.ndarray) -> Regression:
    return before.updated(x, y, counts=np.ones(len(y)), variances=np.ones(len(y)))


def test_known_coefficients_and_noise_are_recovered() -> None:
    found = learned(prior(), *simulated(4000, noise=0.3, seed=0))
    assert found.mean == pytest.approx(TRUE, abs=0.03)
    assert found.rate / found.shape == pytest.approx(0.09, rel=0.1)
    assert found.deviations() == pytest.approx(np.full(3, 0.3 / np.sqrt(4000)), rel=0.1)


def test_rows_in_two_parts_give_the_posterior_of_all_rows() -> None:
    x, y = simulated(30, noise=0.5, seed=1)
    whole = learned(prior(), x, y)
    parts = learned(learned(prior(), x[:11], y[:11]), x[11:], y[11:])
    assert parts.mean == pytest.approx(whole.mean)
    assert parts.precision == pytest.approx(whole.precision)
    assert (parts.shape, parts.rate) == pytest.approx((whole.shape, whole.rate))


def test_nine_of_ten_outcomes_lie_in_the_interval() -> None:
    """Data sets are drawn from the prior, and each has one outcome to forecast from twelve rows."""
    rng = np.random.default_rng(2)
    held = []
    for _ in range(1500):
        variance = 0.32 / rng.gamma(2.0)
        beta = rng.normal(size=3) * np.sqrt(variance / 0.1)
        x = rng.normal(size=(13, 3))
        y = x @ beta + np.sqrt(variance) * rng.normal(size=13)
        low, high = learned(prior(), x[:12], y[:12]).predict(x[12]).quantiles(np.array([0.05, 0.95]))
        held.append(low <= y[12] <= high)
    assert 0.88 < np.mean(held) < 0.92


def test_a_row_that_counts_half_teaches_less_than_a_whole_row() -> None:
    x, y = simulated(20, noise=0.3, seed=3)
    ones, halves = np.ones(20), np.full(20, 0.5)
    whole = prior().updated(x, y, counts=ones, variances=ones)
    half = prior().updated(x, y, counts=halves, variances=ones)
    assert half.shape < whole.shape
    assert (half.deviations() > whole.deviations()).all()


def test_noisy_rows_widen_no_forecast_of_a_precise_one() -> None:
    x, y = simulated(20, noise=0.3, seed=3)
    found = prior().updated(x, y, counts=np.ones(20), variances=np.full(20, 2.0))
    assert found.predict(x[0]).scale < found.predict(x[0], variance=2.0).scale


def test_a_further_coefficient_is_zero_until_a_row_has_it() -> None:
    before = learned(prior(), *simulated(20, noise=0.3, seed=4))
    wider = before.widened(np.array([4.0]))
    without = wider.predict(np.array([1.0, 0.0, 0.0, 0.0]))
    assert without.location == pytest.approx(before.predict(np.array([1.0, 0.0, 0.0])).location)
    assert wider.mean[3] == 0


def test_the_distribution_is_students() -> None:
    found, own = Student(1.0, 2.0, 5.0), student(5.0, loc=1.0, scale=2.0)
    shares = np.array([0.05, 0.5, 0.9])
    assert found.quantiles(shares) == pytest.approx(own.ppf(shares))
    assert found.below(found.quantiles(shares)) == pytest.approx(shares)
    assert found.variance == pytest.approx(own.var())
