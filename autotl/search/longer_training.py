"""Plan long trainings of the last arm and of the leading arm."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from autotl.api import Arm, Params
from autotl.budget.policy import POLICY
from autotl.budget.refit_policy import longest_refittable, refit_reserve, should_refit
from autotl.clock import Budget
from autotl.errors import FAILURES
from autotl.search.cost_model import CostModel
from autotl.search.search_inputs import SearchSpace
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

MIN_FACTOR = 1.5
"""A longer training takes at least this multiple of the arm's longest one. Chosen, not measured."""
CAUTION = 0.8
"""The part of the time that the first training of an arm is planned for. Its pace is only estimated."""
CLOSE = 0.03
"""The most that an arm may be below the best trial, in units of accuracy. Chosen, not measured."""


@dataclass(frozen=True, slots=True)
class LongerTraining:
    """A training with more epochs, deeper layers or larger images than before."""

    arm: Arm
    params: Params


class LongerTrainings:
    """Plans the training that the leading arm would get alone.

    The defaults of all arms share the budget. Later trials are as long as these. The time after the defaults
    is therefore first given to one long training of the arm that leads, and to its refit.

    Args:
        space: The arms.
        history: All trials.
        costs: Predicts the time of trials.
        budget: The budget of the run.
    """

    def __init__(self, space: SearchSpace, history: TrialHistory, costs: CostModel, budget: Budget) -> None:
        self._space, self._history, self._costs, self._budget = space, history, costs, budget

    def next(self, *, left: float, arms: Collection[Arm]) -> LongerTraining | None:
        """Return the longer training to start now.

        Args:
            left: Seconds until the search ends.
            arms: The arms that may start a trial.

        Returns:
            None if no arm has one.
        """
        history = self._history
        best = history.best(ignore_cost=True)
        if best is None or self._budget.seconds is None:
            return None
        seconds = left + self._reserved(best)
        leaders = [leader for arm in arms if (leader := history.best(arm, ignore_cost=True))]
        for leader in sorted(leaders, key=history.posterior_mean, reverse=True):
            behind = history.posterior_mean(best) - history.posterior_mean(leader)
            if behind <= CLOSE * history.accuracy_scale and (longer := self._longer(leader, seconds, left)):
                return longer
        return None

    def of_last_arm(self, arm: Arm, *, left: float) -> Params | None:
        """Return an arm's defaults for the time left.

        The time is for a training and its refit.

        The defaults that share the budget would leave time that only a longer training of this arm can use,
        or would not end in time.

        Args:
            arm: The last arm that starts.
            left: Seconds until the search ends.

        Returns:
            None if these are the usual defaults.
        """
        best = self._history.best(ignore_cost=True)
        if best is None or self._budget.seconds is None:
            return None
        try:
            usual = self._space.defaults(arm)
            longest = CAUTION * self._longest(arm, left + self._reserved(best))
            expected = self._costs.fold_seconds(arm, usual)
            if expected <= left and longest < MIN_FACTOR * expected:
                return None
            return self._planned(arm, usual, longest)
        except FAILURES:  # code of a plugin: the arm starts as it would without this plan
            return None

    def _reserved(self, best: Trial) -> float:
        """Return the seconds that are kept for the refit of the best trial so far."""
        held_out = self._history.held_out_share(best.arm.backbone)
        if not should_refit(best, held_out, self._budget):
            return 0.0
        return refit_reserve(best.fold_seconds, held_out, self._budget)

    def _longer(self, leader: Trial, seconds: float, left: float) -> LongerTraining | None:
        """Return the arm's defaults for a training and its refit in so many seconds."""
        arm = leader.arm
        longest = self._longest(arm, seconds)
        before = [trial.fold_cost for trial in self._history.scored_trials(arm)]
        least = MIN_FACTOR * max(before, default=0.0)
        if longest < least:
            return None
        try:
            params = self._planned(arm, leader.params, longest)
        except FAILURES:  # code of a plugin: it made defaults before, so the other trials go on
            return None
        expected = self._costs.fold_seconds(arm, params)
        return LongerTraining(arm, params) if least <= expected <= left else None

    def _longest(self, arm: Arm, seconds: float) -> float:
        """Return the longest training that leaves time for its refit, in so many seconds."""
        held_out = self._history.held_out_share(arm.backbone)
        return min(seconds / (1 + POLICY.margin / (1 - held_out)), longest_refittable(held_out, self._budget))

    def _planned(self, arm: Arm, known: Params, seconds: float) -> Params:
        """Return the arm's defaults if a fold may take so many seconds on this machine.

        Args:
            arm: The arm.
            known: Settings whose expected time is compared with the strategy's estimate.
            seconds: The time for a fold.
        """
        space, task = self._space, self._space.task(arm)
        estimate = space.strategy(arm).cost(known, task, space.backbone(arm), space.machine).seconds
        slower = self._costs.fold_seconds(arm, known) / max(estimate, 1e-3)
        timed = replace(task, trial_seconds=seconds * task.folds / max(slower, 1e-3))
        return space.strategy(arm).defaults(timed, space.backbone(arm))
