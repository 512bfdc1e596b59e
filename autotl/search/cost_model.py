"""Predict the time of a trial.

The strategy's estimate is corrected by the times of the arm's trials.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from autotl.api import Arm, FirstLook
from autotl.errors import FAILURES
from autotl.search.actions import RunningTrial
from autotl.search.search_inputs import SearchSpace
from autotl.trials.journal import StartedJob
from autotl.trials.trial import Trial


class CostModel:
    """Predicts how many seconds a trial takes for each fold."""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._ratios: dict[Arm, float] = {}

    def update(self, arm: Arm, params: Mapping[str, object], seconds: float, folds: int) -> None:
        """Learn from a trial.

        Args:
            arm: The arm of the trial.
            params: Its hyperparameters.
            seconds: The time that it took.
            folds: The folds that it ran on.
        """
        ratio = seconds / max(self._estimate(arm, params) * folds, 1e-3)
        # a mean with the earlier ratio: one slow moment of the machine must not decide
        self._ratios[arm] = 0.5 * (self._ratios.get(arm, ratio) + ratio)

    def fold_seconds(self, arm: Arm, params: Mapping[str, object]) -> float:
        """Return the expected seconds of a fold with the hyperparameters ``params``."""
        return self._estimate(arm, params) * self._ratios.get(arm, 1.0)

    def default_seconds(self, arm: Arm) -> float:
        """Return the expected seconds of a fold with the arm's defaults."""
        try:
            params = self._space.defaults(arm)
        except FAILURES:  # code of a plugin: its trial will fail with the reason
            return 0.0
        return self.fold_seconds(arm, params)

    def planned_folds(self, arm: Arm) -> int:
        """Return the folds that a promising trial of ``arm`` runs on.

        Baselines run on one fold, unless they have a first look and so compete like other arms.
        """
        strategy = self._space.strategies.get(arm.strategy)  # None if it is no longer installed
        competes = strategy is not None and (not strategy.baseline or isinstance(strategy, FirstLook))
        return self._space.task(arm).folds if competes and arm.backbone in self._space.tasks else 1

    def running_trials(self, running: Iterable[tuple[Trial, StartedJob]]) -> list[RunningTrial]:
        """Return the running trials with the expected seconds of their jobs."""
        return [
            RunningTrial(
                trial,
                trial.remaining_seconds or self.fold_seconds(trial.arm, trial.params) * len(each.folds),
            )
            for trial, each in running
        ]

    def _estimate(self, arm: Arm, params: Mapping[str, object]) -> float:
        space = self._space
        try:
            cost = space.strategy(arm).cost(params, space.task(arm), space.backbone(arm), space.machine)
            seconds = float(cost.seconds)
        except FAILURES:  # code of a plugin: a trial without an estimate can still run
            return 0.0
        return seconds if 0 <= seconds < math.inf else 0.0
