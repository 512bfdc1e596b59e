"""The expected difference of two trials before either is scored."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from autotl.api import Arm
from autotl.trials.prior import BETWEEN_ARMS, WITHIN_ARM, prior_difference

PROBE, FINETUNE, SCRATCH = (Arm(name, "net") for name in ("probe", "finetune", "scratch"))


@dataclass(frozen=True)
class Expected:
    expected: float
    deviation: float = 0.02
    baseline: bool = False


FORECASTS = {PROBE: Expected(0.8), FINETUNE: Expected(0.84), SCRATCH: Expected(0.5, 0.2, baseline=True)}


def test_settings_of_one_arm_are_expected_to_be_equal() -> None:
    assert prior_difference(PROBE, PROBE, FORECASTS, scale=2.0) == (0.0, 2 * WITHIN_ARM)


def test_arms_are_expected_to_differ_as_their_forecasts_do() -> None:
    assert prior_difference(FINETUNE, PROBE, FORECASTS, scale=1.0) == (pytest.approx(0.04), BETWEEN_ARMS)


def test_a_baseline_is_as_uncertain_as_its_forecast() -> None:
    assert prior_difference(SCRATCH, PROBE, FORECASTS, scale=1.0) == (pytest.approx(-0.3), 0.2)


def test_without_both_forecasts_no_arm_is_expected_to_lead() -> None:
    assert prior_difference(PROBE, Arm("new", "net"), FORECASTS, scale=1.0) == (0.0, BETWEEN_ARMS)
