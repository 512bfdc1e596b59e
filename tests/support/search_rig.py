"""A search over fakes, for the tests of the search."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from autotl.builtin.executors.serial import Serial
from autotl.clock import Budget, FakeClock
from autotl.experience import Prior
from autotl.search.loop import Search
from autotl.search.search_inputs import SearchSpace, SearchTime
from autotl.search.studies.factory import StudyFactory
from autotl.search.studies.optuna_storage import open_storage
from autotl.terminal import Silence
from autotl.trials.arms import plan_arms
from autotl.trials.history import TrialHistory
from autotl.trials.restore import SearchRecord
from autotl.trials.trial import Trial


class SearchRig:
    """A search over fakes."""

    def __init__(
        self,
        fakes: ModuleType,
        strategies: list[Any],
        budget: Budget,
        folder: Path,
        prior: Prior | None = None,
        trial_folds: int = 1,
        **work: Any,
    ) -> None:
        self.clock = FakeClock()
        named = {strategy.name: strategy for strategy in strategies}
        backbones = {"net": fakes.backbone()}
        arms, self.skipped = plan_arms(
            named, backbones, dict.fromkeys(backbones, fakes.TASK), machine=fakes.MACHINE
        )
        self.work = fakes.FakeWork(named, self.clock, folder, **work)
        self.history = TrialHistory(self.work.labels())
        end = float("inf") if budget.seconds is None else budget.seconds
        tasks = dict.fromkeys(backbones, replace(fakes.TASK, folds=trial_folds))
        self.search = Search(
            SearchSpace(arms, named, backbones, tasks, fakes.MACHINE),
            SearchRecord(self.history),
            SearchTime(budget, self.clock, lambda: end),
            StudyFactory(open_storage(None), seed=0, warm_start=prior),
            Silence(),
        )

    def run(self) -> list[Trial]:
        return list(self.search.run(Serial(), self.work))
