"""What a trial is expected to take: as its strategy says, corrected by what the arm's trials have taken."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from autotl.api import Arm, Backbone, FirstLook, Machine, Strategy, Task
from autotl.errors import FAILURES
from autotl.search.acquisition import RunningTrial
from autotl.trials.journal import Running
from autotl.trials.trial import Trial


class CostModel:
    """Seconds a fold of an arm's trial is expected to take; ``tasks`` are by the name of the network."""

    def __init__(
        self,
        strategies: Mapping[str, Strategy],
        backbones: Mapping[str, Backbone],
        tasks: Mapping[str, Task],
        machine: Machine,
    ) -> None:
        self._strategies, self._backbones, self._tasks, self._machine = strategies, backbones, tasks, machine
        self._pace: dict[Arm, float] = {}

    def learn(self, arm: Arm, params: Mapping[str, object], seconds: float, folds: int) -> None:
        """Take in what so many folds with these settings have taken."""
        ratio = seconds / max(self._raw(arm, params) * folds, 1e-3)
        # half the old belief, half the new measurement: one slow moment of the machine must not rule
        self._pace[arm] = 0.5 * (self._pace.get(arm, ratio) + ratio)

    def of(self, arm: Arm, params: Mapping[str, object]) -> float:
        """What a fold with these settings is expected to take."""
        return self._raw(arm, params) * self._pace.get(arm, 1.0)

    def default(self, arm: Arm) -> float:
        """What a fold with the arm's defaults is expected to take."""
        strategy = self._strategies[arm.strategy]
        try:
            params = strategy.defaults(self._tasks[arm.backbone], self._backbones[arm.backbone])
        except FAILURES:  # a stranger's code: a trial of it fails with the reason
            return 0.0
        return self.of(arm, params)

    def folds(self, arm: Arm) -> int:
        """The folds that a trial of it is meant for: what is to be chosen has to be seen on images enough.

        A baseline that takes a first look competes like any arm.
        """
        strategy = self._strategies.get(arm.strategy)  # None: it is not installed any more
        competes = strategy is not None and (not strategy.baseline or isinstance(strategy, FirstLook))
        return self._tasks[arm.backbone].folds if competes and arm.backbone in self._tasks else 1

    def underway(self, running: Iterable[tuple[Trial, Running]]) -> list[RunningTrial]:
        """What is running now, and what it is expected to take."""
        return [
            RunningTrial(trial, trial.remaining or self.of(trial.arm, trial.params) * len(each.folds))
            for trial, each in running
        ]

    def _raw(self, arm: Arm, params: Mapping[str, object]) -> float:
        strategy = self._strategies[arm.strategy]
        try:
            task, backbone = self._tasks[arm.backbone], self._backbones[arm.backbone]
            cost = strategy.cost(params, task, backbone, self._machine)
            seconds = float(cost.seconds)
        except FAILURES:  # a stranger's code: a trial without an estimate is still a trial
            return 0.0
        return seconds if 0 <= seconds < math.inf else 0.0
