"""Check the reference searches over one joint space of all strategies."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from autotl.api import Arm, TargetSpec
from autotl.bench.joint import ALGORITHMS, MAX_FAILURES
from autotl.builtin.executors.serial import Serial
from autotl.clock import Budget, FakeClock
from autotl.search.search_inputs import SearchSpace, SearchTime
from autotl.search.studies.factory import StudyFactory
from autotl.search.studies.optuna_storage import open_storage
from autotl.terminal import Silence
from autotl.trials.history import TrialHistory
from autotl.trials.restore import SearchRecord


@pytest.fixture(params=list(ALGORITHMS))
def watched(request: pytest.FixtureRequest, fakes: ModuleType, tmp_path: Path):
    """Return a function that runs a search on fakes, and returns its ledger, work and clock."""

    def run(
        *asked: Any,
        seconds: float | None = 60.0,
        trials: int | None = None,
        seed: int = 0,
        classes: tuple[str, str] = ("a", "b"),
        **work: Any,
    ):
        named = {"good": 0.9, "poor": 0.55}
        fake = [fakes.Fake(each, named[each]) if isinstance(each, str) else each for each in asked]
        clock, strategies = FakeClock(), {each.name: each for each in fake}
        doing = fakes.FakeWork(strategies, clock, tmp_path, **work)
        way = ALGORITHMS[request.param]
        ledger = TrialHistory(doing.labels(), choose_expected=way.choose_expected)
        tasks = {"net": replace(fakes.TASK, target=TargetSpec("single_label", classes))}
        arms = [Arm(name, "net") for name in strategies]
        searching = way.search(
            SearchSpace(arms, strategies, {"net": fakes.backbone()}, tasks, fakes.MACHINE),
            SearchRecord(ledger),
            SearchTime(Budget(seconds, trials), clock, lambda: seconds or float("inf")),
            StudyFactory(open_storage(None), seed),
            Silence(),
        )
        list(searching.run(Serial(), doing))
        return ledger, doing, clock

    return run


@pytest.fixture
def scratch(fakes: ModuleType) -> Any:
    return fakes.Fake("scratch", 0.5, seconds=5, baseline=True)


def test_every_trial_has_one_fold_and_no_default_parameters(watched, scratch) -> None:
    ledger, work, clock = watched("good", "poor", scratch)
    assert len(ledger.trials) > 10
    assert {job.folds for job in work.jobs} == {(0,)}
    assert {job.strategy for job in work.jobs} == {"good", "poor", "scratch"}
    assert not any(trial.default for trial in ledger.trials.values())
    assert {trial.state for trial in ledger.trials.values()} <= {"complete", "stopped"}
    assert 60 <= clock.now() <= 60 + scratch.seconds / work.steps


def test_the_highest_validation_score_is_delivered(watched, scratch) -> None:
    ledger, _, _ = watched("good", "poor", scratch)
    highest = max(trial.folds[0].score for trial in ledger.trials.values() if trial.state == "complete")
    best = ledger.best()
    assert best is not None
    assert best.folds[0].score == highest


def test_the_number_of_trials_is_respected(watched, scratch) -> None:
    ledger, _, _ = watched("good", scratch, seconds=None, trials=7)
    assert len(ledger.trials) == 7


def test_the_parameters_depend_on_seed_and_data(watched) -> None:
    def settings(seed: int, classes: tuple[str, str] = ("a", "b")):
        ledger, _, _ = watched("good", "poor", seconds=None, trials=6, seed=seed, classes=classes)
        return [(trial.arm, trial.params) for trial in ledger.trials.values()]

    assert settings(3) == settings(3)
    assert settings(3) != settings(4)
    assert settings(3) != settings(
        3, ("c", "d")
    )  # otherwise all data sets would get the same random parameters


def test_only_the_first_score_is_awaited_after_the_deadline(watched, fakes) -> None:
    ledger, work, clock = watched(fakes.Fake("slow", 0.9, seconds=100.0), seconds=10.0)
    assert len(ledger.trials) == 1
    assert ledger.best() is not None
    assert clock.now() == 100.0 / work.steps


def test_a_search_in_which_all_trials_fail_ends(watched) -> None:
    ledger, _, _ = watched("good", seconds=None, trials=500, fails=lambda job: "broken")
    assert Counter(trial.state for trial in ledger.trials.values()) == {"failed": MAX_FAILURES}


def test_a_strategy_without_suggestions_does_not_end_the_search(watched, fakes) -> None:
    class NoSuggestions(fakes.Fake):
        def suggest(self, space, task, backbone):
            raise RuntimeError("nothing")

    ledger, _, _ = watched("good", NoSuggestions("mute"), trials=5, seconds=None)
    assert {trial.arm.strategy for trial in ledger.trials.values()} == {"good"}
