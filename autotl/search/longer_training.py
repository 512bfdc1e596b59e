"""Plan a long training of a leading arm after the defaults."""

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

    def _reserved(self, best: Trial) -> float:
        """Return the seconds that are kept for the refit of the best trial so far."""
        held_out = self._history.held_out_share(best.arm.backbone)
        if not should_refit(best, held_out, self._budget):
            return 0.0
        return refit_reserve(best.fold_seconds, held_out, self._budget)

    def _longer(self, leader: Trial, seconds: float, left: float) -> LongerTraining | None:
        """Return the arm's defaults for a training and its refit in so many seconds."""
        arm, history = leader.arm, self._history
        held_out = history.held_out_share(arm.backbone)
        longest = min(
            seconds / (1 + POLICY.margin / (1 - held_out)), longest_refittable(held_out, self._budget)
        )
        before = [trial.fold_cost for trial in history.scored_trials(arm)]
        least = MIN_FACTOR * max(before, default=0.0)
        if longest < least:
            return None
        try:
            params = self._planned(arm, leader, longest)
        except FAILURES:  # code of a plugin: it made defaults before, so the other trials go on
            return None
        expected = self._costs.fold_seconds(arm, params)
        return LongerTraining(arm, params) if least <= expected <= left else None

    def _planned(self, arm: Arm, leader: Trial, seconds: float) -> Params:
        """Return the arm's defaults if a fold may take so many seconds on this machine."""
        space, task = self._space, self._space.task(arm)
        estimate = space.strategy(arm).cost(leader.params, task, space.backbone(arm), space.machine).seconds
        slower = self._costs.fold_seconds(arm, leader.params) / max(estimate, 1e-3)
        timed = replace(task, trial_seconds=seconds * task.folds / max(slower, 1e-3))
        return space.strategy(arm).defaults(timed, space.backbone(arm))
