"""The phases of a strategy fit together into a trial's time."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from autotl.builtin.strategies.tuning.gradual_unfreezing import GradualUnfreezing
from autotl.builtin.strategies.tuning.reach import default_reach
from autotl.builtin.strategies.tuning.two_phase import TwoPhase


@pytest.mark.parametrize("strategy", [TwoPhase(), GradualUnfreezing()], ids=lambda each: each.name)
@pytest.mark.parametrize("seconds", [0.3, 0.6, 2.0, 12.0, 20.0])
def test_the_epochs_of_all_phases_fit(strategy: Any, seconds: float, fakes: ModuleType) -> None:
    backbone, task = fakes.backbone(), replace(fakes.TASK, trial_seconds=seconds)
    found = strategy.defaults(task, backbone)

    def cost(epochs: int) -> float:
        params = {**found, "epochs": epochs}
        return float(strategy.cost(params, task, backbone, fakes.MACHINE).seconds)

    allowed = seconds / task.folds
    assert found["epochs"] == 1 or cost(found["epochs"]) <= allowed
    longest = default_reach(task, backbone).epochs
    assert found["epochs"] == longest or cost(found["epochs"] + 1) > allowed
