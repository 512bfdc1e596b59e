"""What the defaults leave of the time goes to a long training of the leading arm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from autotl.api import Backbone, Cost, Machine, Params, Task
from autotl.clock import Budget
from tests.support import fakes
from tests.support.search_rig import SearchRig

Make = Callable[..., SearchRig]


@dataclass
class Scaled(fakes.Fake):
    """A strategy that trains as many epochs as a trial's time allows, a second each."""

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        epochs = 4 if task.trial_seconds is None else int(task.trial_seconds / task.folds)
        return {"x": 0.5, "epochs": epochs}

    def suggest(self, space: Any, task: Task, backbone: Backbone) -> Params:
        return {**super().suggest(space, task, backbone), "epochs": 4}

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        return Cost(self.takes(params))

    def takes(self, params: Params) -> float:
        return float(params["epochs"])

    def rate(self, params: Params) -> float:
        return min(0.98, self.skill + 0.01 * params["epochs"])


@pytest.fixture
def rig(fakes: ModuleType, tmp_path: Path) -> Make:
    return lambda *strategies, seconds: SearchRig(fakes, list(strategies), Budget(seconds, None), tmp_path)


def epochs_by_arm(rig: SearchRig) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for trial in rig.run():
        if trial.params.get("epochs") not in (None, *found.get(trial.arm.strategy, [])):
            found.setdefault(trial.arm.strategy, []).append(trial.params["epochs"])
    return found


def test_the_last_arm_gets_the_time_left_for_a_training_and_its_refit(rig: Make) -> None:
    found = epochs_by_arm(rig(Scaled("tuned", 0.8), fakes.Fake("probe", 0.6, seconds=0.5), seconds=100.0))
    assert (
        15 < found["tuned"][0] <= 20
    )  # four fifths of the longest training whose refit may take 30 of 100 seconds


def test_the_leading_arm_gets_one_training_with_time_for_its_refit(rig: Make) -> None:
    found = epochs_by_arm(rig(Scaled("tuned", 0.8), Scaled("other", 0.5), seconds=100.0))
    short, long = found["tuned"]
    assert short == 4
    assert 15 < long <= 24
    assert min(found["other"]) > 4  # the last arm


def test_without_enough_time_for_it_there_is_none(rig: Make) -> None:
    assert epochs_by_arm(rig(Scaled("tuned", 0.8), seconds=15.0)) == {"tuned": [4]}


@dataclass
class Slow(Scaled):
    """A strategy that suggests settings for which no search has time."""

    def suggest(self, space: Any, task: Task, backbone: Backbone) -> Params:
        return {**super().suggest(space, task, backbone), "epochs": 1000}


def test_settings_that_take_longer_than_the_time_left_do_not_start(rig: Make) -> None:
    found = epochs_by_arm(rig(Slow("tuned", 0.8), fakes.Fake("probe", 0.6, seconds=0.5), seconds=100.0))
    assert max(found["tuned"]) <= 20


def test_an_arm_that_is_clearly_behind_gets_none(rig: Make) -> None:
    behind = Scaled("tuned", 0.1)
    found = epochs_by_arm(rig(behind, fakes.Fake("probe", 0.98, seconds=5), seconds=100.0))
    assert found["tuned"] == [4]


def test_a_strategy_whose_defaults_stay_the_same_gets_none(rig: Make) -> None:
    rig_ = rig(fakes.Fake("probe", 0.6), seconds=50.0)
    trials = rig_.run()
    assert (
        sum(trial.params == {"x": 0.5} for trial in {trial.number: trial for trial in trials}.values()) == 1
    )
