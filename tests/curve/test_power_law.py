import math

import numpy as np
import pytest

from autotl.curve import PowerLaw, fit_power_law
from autotl.errors import DataError

SIZES = np.array([30, 60, 120, 240, 480, 960])


@pytest.mark.parametrize(("a", "b", "c"), [(0.1, 2.0, 0.5), (0.0, 1.5, 0.3), (0.2, 5.0, 1.0)])
def test_exact_points_recover_their_law(a, b, c):
    errors = PowerLaw(a, b, c)
    found = fit_power_law(SIZES, [errors.at(n) for n in SIZES], np.full(6, 1e-4))
    assert found.a == pytest.approx(a, abs=0.01)
    assert found.c == pytest.approx(c, rel=0.06)
    assert found.at(4000) == pytest.approx(errors.at(4000), abs=0.004)


def test_the_fit_equals_scipy_s_best_of_many_starts():
    from scipy.optimize import least_squares

    rng = np.random.default_rng(0)
    for _ in range(4):
        errors = 0.1 + 2 * SIZES**-0.5 + 0.02 * rng.standard_normal(6)
        se = np.full(6, 0.02)
        last = errors[-1]

        def rest(p, errors=errors, se=se, last=last):
            a, b, c = p
            data = (a + b * (SIZES / 960) ** -c - errors) / se
            return [*data, (a - 0.3 * last) / (0.5 * last), math.log(c / 0.5) / 0.7]

        bounds = ([0, 0, 0.02], [1, np.inf, 2])
        starts = [(a, b, c) for a in (0.01, 0.1) for b in (0.05, 0.3) for c in (0.1, 0.5, 1.5)]
        best = min((least_squares(rest, start, bounds=bounds) for start in starts), key=lambda r: r.cost)
        found = fit_power_law(SIZES, errors, se)
        own = rest((found.a, found.b * 960**-found.c, found.c))
        assert np.sum(np.square(own)) == pytest.approx(2 * best.cost, abs=0.01)


@pytest.mark.parametrize("errors", [[0.5] * 6, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0.0] * 6, [1.0] * 6])
def test_bounds_are_respected_for_points_without_a_law(errors):
    found = fit_power_law(SIZES, errors, np.full(6, 0.01))
    assert 0 <= found.a < 1
    assert found.b >= 0
    assert 0 < found.c <= 2
    assert found.at(10_000) <= found.at(30) <= 1


def test_uncertain_points_have_less_weight():
    errors = np.array([0.9, 0.4, 0.3, 0.25, 0.2, 0.17])
    trusted = fit_power_law(SIZES, errors, np.full(6, 0.01))
    doubted = fit_power_law(SIZES, errors, np.array([1.0, *[0.01] * 5]))
    assert abs(doubted.at(60) - 0.4) < abs(trusted.at(60) - 0.4)


def test_invalid_points_are_an_error():
    with pytest.raises(DataError, match="3 or more sizes"):
        fit_power_law([10, 20], [0.5, 0.4], [0.1, 0.1])
    with pytest.raises(DataError, match="above 0"):
        fit_power_law([10, 20, 30], [0.5, 0.4, 0.3], [0.1, 0.0, 0.1])
