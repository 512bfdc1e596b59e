"""The search with several trials at once, whichever ends first."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from autotl.api import Job, OnProgress, Outcome, Work
from autotl.clock import Budget, FakeClock
from autotl.search.loop import Search
from autotl.search.search_inputs import SearchSpace, SearchTime
from autotl.search.studies.factory import StudyFactory
from autotl.search.studies.optuna_storage import open_storage
from autotl.terminal import Silence
from autotl.trials.arms import plan_arms
from autotl.trials.history import TrialHistory
from autotl.trials.restore import SearchRecord


class Held:
    """Keeps ``workers`` jobs open, and ends the job that ``pick`` chooses."""

    name, summary = "held", "for tests"

    def __init__(self, pick: Callable[[int], int]) -> None:
        self.pick, self.most, self.told_none = pick, 0, 0
        self.open: list[Job] = []
        self.states: list[list[Job]] = []

    def run(
        self,
        jobs: Iterable[Job | None],
        work: Work,
        on_progress: OnProgress,
        *,
        workers: int = 1,
        device: str = "cpu",
    ) -> Iterator[Outcome]:
        source = iter(jobs)
        more = True
        while True:
            while more and len(self.open) < workers:
                job = next(source, "end")
                if job == "end":
                    more = False
                elif job is None:
                    assert self.open, "nothing runs, so nothing can be waited for"
                    self.told_none += 1
                    break
                else:
                    assert isinstance(job, Job)
                    assert job.number not in {each.number for each in self.open}
                    assert (job.strategy, dict(job.params)) not in [
                        (each.strategy, dict(each.params)) for each in self.open
                    ]
                    self.open.append(job)
            self.most = max(self.most, len(self.open))
            if not self.open:
                return
            yield work(self.open.pop(self.pick(len(self.open)) % len(self.open)), on_progress)


ORDERS: dict[str, Callable[[], Callable[[int], int]]] = {
    "first in, first out": lambda: lambda n: 0,
    "last in, first out": lambda: lambda n: n - 1,
    "in turn": lambda: (lambda c: lambda n: next(c))(itertools.count()),
    "at random": lambda: (lambda r: lambda n: r.randrange(n))(random.Random(3)),
}


@pytest.fixture(params=list(ORDERS))
def rig(request: pytest.FixtureRequest, fakes: ModuleType, tmp_path: Path) -> Callable[..., Any]:
    def make(strategies: list[Any], budget: Budget, *, workers: int = 3) -> tuple[Held, Any, TrialHistory]:
        clock = FakeClock()
        named = {strategy.name: strategy for strategy in strategies}
        backbones = {"net": fakes.backbone()}
        arms, _ = plan_arms(named, backbones, dict.fromkeys(backbones, fakes.TASK), machine=fakes.MACHINE)
        work = fakes.FakeWork(named, clock, tmp_path)
        history = TrialHistory(work.labels())
        end = float("inf") if budget.seconds is None else budget.seconds
        search = Search(
            SearchSpace(arms, named, backbones, dict.fromkeys(backbones, fakes.TASK), fakes.MACHINE),
            SearchRecord(history),
            SearchTime(budget, clock, lambda: end),
            StudyFactory(open_storage(None), seed=0),
            Silence(),
            workers=workers,
        )
        held = Held(ORDERS[request.param]())
        list(search.run(held, work))
        return held, work, history

    return make


def test_the_number_of_trials_is_exact_and_defaults_come_first(
    rig: Callable[..., Any], fakes: ModuleType
) -> None:
    held, _, history = rig([fakes.Fake("a"), fakes.Fake("b"), fakes.Fake("c")], Budget(trials=8))
    assert sorted(history.trials) == list(range(8))
    assert held.most == 3
    defaults = [number for number, trial in history.trials.items() if trial.default]
    assert sorted(defaults) == [0, 1, 2]


def test_no_settings_run_twice_and_every_trial_ends_once(rig: Callable[..., Any], fakes: ModuleType) -> None:
    _, work, history = rig([fakes.Fake("a"), fakes.Fake("b", 0.6)], Budget(trials=12), workers=4)
    settings = [(trial.arm, trial.params["x"]) for trial in history.trials.values()]
    assert len(set(settings)) == len(settings) == 12
    assert len(work.jobs) == 12


def test_no_running_trial_is_extended_and_no_fold_runs_twice(
    rig: Callable[..., Any], fakes: ModuleType
) -> None:
    # the executor itself asserts that no trial is open twice
    _, work, history = rig(
        [fakes.Fake("one", 0.8, seconds=3), fakes.Fake("two", 0.8, seconds=3)], Budget(seconds=120)
    )
    folds = [(job.number, fold) for job in work.jobs for fold in job.folds]
    assert len(set(folds)) == len(folds)
    assert max(len(trial.folds) for trial in history.trials.values()) > 1


def test_an_arm_whose_only_settings_are_running_waits_and_then_ends(
    rig: Callable[..., Any], fakes: ModuleType
) -> None:
    class Three(fakes.Fake):  # type: ignore[name-defined,misc]
        def suggest(self, space: Any, task: object, backbone: object) -> dict[str, float]:
            return {
                "x": {"low": 0.25, "middle": 0.5, "high": 0.75}[
                    space.suggest_categorical("level", ["low", "middle", "high"])
                ]
            }

    held, _, history = rig([Three("a")], Budget(trials=50), workers=4)
    assert len({trial.params["x"] for trial in history.trials.values()}) == len(history.trials) <= 3
    assert held.told_none


def test_the_baseline_gets_its_part_of_the_time(rig: Callable[..., Any], fakes: ModuleType) -> None:
    _, _, history = rig(
        [fakes.Fake("good", 0.9, seconds=2), fakes.Fake("scratch", 0.4, seconds=2, baseline=True)],
        Budget(seconds=100),
    )
    spent = {
        name: sum(t.seconds for t in history.trials.values() if t.arm.strategy == name)
        for name in ("good", "scratch")
    }
    assert 0.12 < spent["scratch"] / sum(spent.values()) < 0.4
