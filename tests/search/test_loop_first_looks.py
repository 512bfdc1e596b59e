"""A search gives a baseline more time only after a promising first look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from autotl.api import Backbone, Cost, Machine, Params, Task
from autotl.budget.policy import POLICY
from autotl.builtin.executors.serial import Serial
from autotl.clock import Budget, FakeClock
from autotl.search.loop import Search
from autotl.search.search_inputs import SearchSpace, SearchTime
from autotl.search.studies.factory import StudyFactory
from autotl.search.studies.optuna_storage import open_storage
from autotl.terminal import Silence
from autotl.trials.arms import plan_arms
from autotl.trials.history import TrialHistory
from autotl.trials.journal import Journal
from autotl.trials.restore import restore
from autotl.trials.trial import Trial
from tests.support import fakes

SECONDS = 100.0
TASK = replace(fakes.TASK, trial_seconds=30.0)
SHORT, LONG = 3, 30


@dataclass
class Grower(fakes.Fake):
    """A baseline that improves with epochs, each estimated at a second and taking ``each``."""

    name: str = "grower"
    baseline: bool = True
    each: float = 1.0
    early: float = 0.5
    late: float = 0.9

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        pace = fakes.backbone().pace.training / backbone.pace.training
        return {"x": 0.5, "epochs": max(1, min(LONG, int((task.trial_seconds or 1e9) / pace + 1e-6)))}

    def look(self, task: Task, backbone: Backbone) -> Params:
        return {"x": 0.5, "epochs": SHORT}

    def suggest(self, space: Any, task: Task, backbone: Backbone) -> Params:
        return {"x": space.suggest_float("x", 0.0, 1.0), "epochs": space.suggest_int("epochs", 1, LONG)}

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        return Cost(float(params["epochs"]))

    def takes(self, params: Params) -> float:
        return self.each * float(params["epochs"])

    def rate(self, params: Params) -> float:
        share = (params["epochs"] - SHORT) / (LONG - SHORT)
        return self.early + (self.late - self.early) * share


class Rig:
    """A search over a grower and a fast rival, kept in ``folder``."""

    def __init__(self, folder: Path, grower: Grower, rival: float, seconds: float = SECONDS) -> None:
        named: dict[str, Any] = {"rival": fakes.Fake("rival", rival, seconds=5), "grower": grower}
        backbones = {"net": fakes.backbone()}
        self.arms, _ = plan_arms(named, backbones, dict.fromkeys(backbones, TASK), machine=fakes.MACHINE)
        self.clock = FakeClock()
        (folder / "weights").mkdir(parents=True, exist_ok=True)
        self.work = fakes.FakeWork(named, self.clock, folder / "weights", steps=30)
        self.history = TrialHistory(self.work.labels())
        journal = Journal(folder, self.clock.now)
        resumed = restore(self.history, journal, self.arms, classes=2, timed=True)
        self.search = Search(
            SearchSpace(self.arms, named, backbones, dict.fromkeys(backbones, TASK), fakes.MACHINE),
            resumed,
            SearchTime(Budget(seconds=seconds), self.clock, lambda: seconds),
            StudyFactory(open_storage(folder / "study.db"), seed=0),
            Silence(),
        )

    def run(self) -> list[Trial]:
        """The grower's trials, after the search."""
        for _ in self.search.run(Serial(), self.work):
            pass
        return self.grown()

    def grown(self) -> list[Trial]:
        return [trial for trial in self.history.trials.values() if trial.arm.strategy == "grower"]


def epochs(trials: list[Trial]) -> list[int]:
    return [trial.params["epochs"] for trial in trials]


def test_defaults_follow_a_promising_first_look(tmp_path: Path) -> None:
    found = Rig(tmp_path, Grower(early=0.75), 0.8).run()
    assert epochs(found)[:2] == [SHORT, LONG]
    assert [trial.default for trial in found[:2]] == [False, True]
    assert [trial.record(None).look for trial in found[:2]] == [True, False]


def test_no_defaults_follow_a_poor_first_look(tmp_path: Path) -> None:
    rig = Rig(tmp_path, Grower(early=0.3), 1.0)
    found = rig.run()
    assert epochs(found) == [SHORT]
    assert sum(trial.seconds for trial in found) < POLICY.baselines * SECONDS  # no share is owed to it
    assert rig.clock.now() > 0.8 * SECONDS  # the other arm goes on until its trials gain too little


def test_a_first_look_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    """At ten times the expected seconds it would take a third of the budget."""
    look = Rig(tmp_path, Grower(each=10.0), 0.8).run()[0]
    assert look.state == "stopped"
    assert POLICY.first_look * SECONDS <= look.seconds <= POLICY.first_look * SECONDS + 2 * 10.0 * SHORT / 30
    assert look.folds  # its training until then counts


def test_the_defaults_are_planned_by_the_speed_of_the_first_look(tmp_path: Path) -> None:
    found = Rig(tmp_path, Grower(each=1.9, early=0.75), 0.8).run()
    assert epochs(found)[:2] == [SHORT, 15]
    assert found[1].default


@pytest.mark.parametrize("early", [0.3, 0.75])
def test_a_search_resumed_after_the_first_look_does_not_repeat_it(tmp_path: Path, early: float) -> None:
    def rig(folder: str) -> Rig:
        return Rig(tmp_path / folder, Grower(early=early), 1.0 if early < 0.5 else 0.8)

    whole = rig("whole").run()
    begun = rig("parts")
    for _ in begun.search.run(Serial(), begun.work):
        if begun.grown():
            break
    assert epochs(begun.grown()) == [SHORT]
    again = rig("parts")
    found = again.run()
    assert epochs(found).count(SHORT) == epochs(whole).count(SHORT)
    assert epochs(found)[:2] == epochs(whole)[:2]
    assert found[0].number == begun.grown()[0].number
    assert found[0].first_look  # a resumed search knows which trial it was
