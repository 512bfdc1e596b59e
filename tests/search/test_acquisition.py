"""The expected improvement, and the next default."""

from __future__ import annotations

import math

import pytest

from autotl.api import Arm
from autotl.search.acquisition import next_default
from autotl.search.improvement import expected_improvement


def test_improvement_is_the_mean_of_the_positive_part() -> None:
    assert expected_improvement(0.0, 1.0) == pytest.approx(1 / math.sqrt(2 * math.pi))
    assert expected_improvement(5.0, 0.1) == pytest.approx(5.0)
    assert expected_improvement(-5.0, 0.1) == pytest.approx(0.0, abs=1e-12)


def test_improvement_grows_with_the_mean_and_the_deviation() -> None:
    assert expected_improvement(0.1, 0.1) > expected_improvement(0.0, 0.1) > expected_improvement(-0.1, 0.1)
    assert expected_improvement(-0.1, 0.3) > expected_improvement(-0.1, 0.1)


@pytest.mark.parametrize(("kept", "next_one"), [(0.0, "tuned"), (13.0, "scratch")])
def test_a_baseline_starts_before_an_arm_whose_refit_would_take_its_time(kept: float, next_one: str) -> None:
    tuned, scratch = Arm("tuned", "net"), Arm("scratch", "net")
    found = next_default(
        [tuned, scratch],
        baselines=[scratch],
        seconds=lambda arm: 10.0 if arm is tuned else 12.0,
        reserve=lambda arm: kept if arm is tuned else 0.0,
        cost_factor=lambda arm: 1.0,
        left=30.0,
        trials=9,
    )
    assert found.strategy == next_one


@pytest.mark.parametrize(("factor", "next_one"), [(1.0, "tuned"), (0.4, "scratch"), (3.0, "tuned")])
def test_an_arm_with_a_high_expected_gain_starts_before_a_cheaper_one(factor: float, next_one: str) -> None:
    tuned, scratch = Arm("tuned", "net"), Arm("scratch", "net")
    found = next_default(
        [tuned, scratch],
        baselines=[],
        seconds=lambda arm: 5.0 if arm is tuned else 10.0,
        cost_factor=lambda arm: factor if arm is scratch else 1.0,
        left=30.0,
        trials=9,
    )
    assert found.strategy == next_one
