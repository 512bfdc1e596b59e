"""A search over fakes with a journal, for the tests of resuming."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

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


class JournalledSearch:
    """A search over fakes with a journal and a study file in ``folder``."""

    def __init__(self, fakes: ModuleType, strategies: list[Any], trials: int, folder: Path) -> None:
        named = {strategy.name: strategy for strategy in strategies}
        backbones, tasks = {"net": fakes.backbone()}, {"net": fakes.TASK}
        self.arms, _ = plan_arms(named, backbones, tasks, machine=fakes.MACHINE)
        self.clock = FakeClock()
        self.folder = folder
        (folder / "weights").mkdir(parents=True, exist_ok=True)
        self.work = fakes.FakeWork(named, self.clock, folder / "weights")
        self.history = TrialHistory(self.work.labels())
        self.journal = Journal(folder, self.clock.now)
        self.resumed = restore(self.history, self.journal, self.arms, classes=2, timed=False)
        self.search = Search(
            SearchSpace(self.arms, named, backbones, tasks, fakes.MACHINE),
            self.resumed,
            SearchTime(Budget(trials=trials), self.clock, lambda: float("inf")),
            StudyFactory(open_storage(folder / "study.db"), seed=0),
            Silence(),
        )

    def run(self) -> None:
        for _ in self.search.run(Serial(), self.work):
            pass

    def found(self) -> list[tuple[int, str, Mapping[str, Any], float | None, int, str]]:
        return [
            (each.number, each.arm.strategy, each.params, each.score, each.folds, each.state)
            for each in self.history.records()
        ]
