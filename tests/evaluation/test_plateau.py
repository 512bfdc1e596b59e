"""The gain that would remain if the baseline were trained to its plateau."""

from __future__ import annotations

import pytest

from autotl.api import Arm
from autotl.evaluation import forecast_plateau

ARM = Arm("scratch", "net")


def test_the_forecast_improvement_is_subtracted_from_the_gain() -> None:
    found = forecast_plateau(ARM, 40, 0.05, (0.01, 0.12), gain=0.3, accuracy_scale=1.0)
    assert found.gain == pytest.approx(0.25)
    assert found.gain_ci95 == pytest.approx((0.18, 0.29))
    assert (found.arm, found.epochs, found.more) == (ARM, 40, 0.05)


@pytest.mark.parametrize("unit", [1.0, 3.0])
def test_a_training_has_converged_if_a_hundredth_of_accuracy_is_left(unit: float) -> None:
    for more, converged in ((0.0099, True), (0.0101, False)):
        found = forecast_plateau(ARM, 40, more * unit, (0.0, unit), gain=0.3, accuracy_scale=unit)
        assert found.converged == converged


def test_an_open_forecast_leaves_an_open_gain() -> None:
    low, high = forecast_plateau(ARM, 40, 0.05, (0.0, 0.9), gain=0.3, accuracy_scale=1.0).gain_ci95
    assert (low, high) == pytest.approx((-0.6, 0.3))
