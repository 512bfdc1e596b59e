"""A search over several repeats of the folds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from autotl.api import Job
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

K, REPEATS, N = 5, 3, 100
ROWS = [
    own for seed in range(REPEATS) for own in np.array_split(np.random.default_rng(seed).permutation(N), K)
]


class Killed(BaseException):
    """The process ends here."""


class Rig:
    """A search over equal fakes, kept in ``folder``."""

    def __init__(self, fakes: ModuleType, folder: Path, budget: Budget) -> None:
        class Work(fakes.FakeWork):  # type: ignore[name-defined,misc]
            def labels(self) -> list[np.ndarray]:
                return [rows % 2 for rows in ROWS]

        named = {name: fakes.Fake(name, 0.8) for name in ("one", "two")}
        backbones = {"net": fakes.backbone()}
        arms, _ = plan_arms(named, backbones, dict.fromkeys(backbones, fakes.TASK), machine=fakes.MACHINE)
        self.clock = FakeClock()
        (folder / "weights").mkdir(parents=True, exist_ok=True)
        self.work = Work(named, self.clock, folder / "weights")
        self.history = TrialHistory(self.work.labels(), rows=ROWS, repeats=REPEATS)
        journal = Journal(folder, self.clock.now)
        resumed = restore(self.history, journal, arms, classes=2, timed=budget.seconds is not None)
        end = float("inf") if budget.seconds is None else budget.seconds
        self.search = Search(
            SearchSpace(arms, named, backbones, dict.fromkeys(backbones, fakes.TASK), fakes.MACHINE),
            resumed,
            SearchTime(budget, self.clock, lambda: end),
            StudyFactory(open_storage(folder / "study.db"), seed=0),
            Silence(),
        )

    def run(self, work: Callable[..., Any] | None = None) -> None:
        for _ in self.search.run(Serial(), work or self.work):
            pass

    def found(self) -> list[tuple[int, dict[str, Any], float | None, list[int]]]:
        return [
            (number, dict(trial.params), self.history.score(trial), sorted(trial.folds))
            for number, trial in sorted(self.history.trials.items())
        ]


@pytest.mark.parametrize("budget", [Budget(trials=4), Budget(seconds=60)])
def test_a_new_trial_runs_on_the_first_repeat_and_contenders_on_more(
    fakes: ModuleType, tmp_path: Path, budget: Budget
) -> None:
    rig = Rig(fakes, tmp_path, budget)
    rig.run()
    begun: set[int] = set()
    for job in rig.work.jobs:
        new = (0,) if budget.seconds else tuple(range(K))
        assert job.folds == new if job.number not in begun else len(job.folds) == 1
        begun.add(job.number)
    assert max(len(trial.folds) for trial in rig.history.trials.values()) > K


def test_later_repeats_take_a_fifth_of_the_first_without_a_time_limit(
    fakes: ModuleType, tmp_path: Path
) -> None:
    rig = Rig(fakes, tmp_path, Budget(trials=4))
    rig.run()
    later = [job for job in rig.work.jobs if min(job.folds) >= K]
    assert 0 < len(later) <= 0.2 * 4 * K


def test_a_search_killed_in_a_later_repeat_continues_unchanged(fakes: ModuleType, tmp_path: Path) -> None:
    whole = Rig(fakes, tmp_path / "whole", Budget(trials=4))
    whole.run()
    later = [place for place, job in enumerate(whole.work.jobs) if min(job.folds) >= K]
    for kill in (later[0], later[-1]):
        rig = Rig(fakes, tmp_path / f"{kill}", Budget(trials=4))

        def mortal(job: Job, on_progress: Any, rig: Rig = rig, kill: int = kill) -> Any:
            if len(rig.work.jobs) == kill:
                raise Killed
            return rig.work(job, on_progress)

        with pytest.raises(Killed):
            rig.run(mortal)
        again = Rig(fakes, tmp_path / f"{kill}", Budget(trials=4))
        again.run()
        assert again.found() == whole.found()
