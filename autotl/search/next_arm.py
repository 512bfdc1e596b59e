"""Choose the arm to start next.

It starts with its first look, if it has one, or with its defaults.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from autotl.api import Arm, Params
from autotl.budget.policy import POLICY
from autotl.budget.refit_policy import refit_reserve
from autotl.clock import Budget
from autotl.experience import Prior
from autotl.search.acquisition import next_default
from autotl.search.cost_model import CostModel
from autotl.search.first_look import FirstLooks
from autotl.search.improvement import PRIOR_DEVIATION, expected_improvement
from autotl.search.longer_training import LongerTrainings
from autotl.trials.history import TrialHistory
from autotl.trials.prior import prior_difference
from autotl.trials.trial import Trial

USUAL_GAIN, MAX_FACTOR = expected_improvement(0.0, PRIOR_DEVIATION), 10.0
"""The expected gain of an unknown arm, in units of accuracy, and the largest cost factor.

An arm with twice that gain is ordered as if it took half the seconds.
"""

DOUBLING_REGRET = 0.05
"""An arm that past runs predict to be this far below the best is ordered as if it took twice the seconds."""

StartedTrials = Callable[[Arm], Sequence[Trial]]
"""Gives the trials of an arm that have started, running ones included."""


@dataclass(frozen=True, slots=True)
class Start:
    """The first trial of an arm.

    Attributes:
        arm: The arm.
        default: Whether the trial has the arm's defaults.
        params: Its hyperparameters; None for the defaults as the strategy gives them.
    """

    arm: Arm
    default: bool
    params: Params | None


class ArmQueue:
    """The arms whose defaults have not started.

    Args:
        waiting: These arms.
        baselines: The arms that transfer nothing.
        first_looks: The arms that have a first look.
        costs: Predicts the time of trials.
        history: All trials.
        budget: The budget of the run.
        trainings: Plans the training of the last arm.
        warm_start: The prediction from past runs, if there is one.
    """

    def __init__(
        self,
        waiting: Iterable[Arm],
        baselines: Sequence[Arm],
        first_looks: FirstLooks,
        costs: CostModel,
        history: TrialHistory,
        budget: Budget,
        trainings: LongerTrainings,
        warm_start: Prior | None,
    ) -> None:
        self.waiting = list(waiting)
        self._baselines, self._first_looks, self._costs = baselines, first_looks, costs
        self._history, self._budget, self._warm_start = history, budget, warm_start
        self._trainings = trainings

    def next(self, started: StartedTrials, *, left: float, count: int) -> Start | None:
        """Return the trial to start now.

        Args:
            started: Gives an arm's trials.
            left: Seconds until the search ends.
            count: Trials that have started, of all arms.

        Returns:
            None if no arm is worth starting now.
        """
        known = {arm: started(arm) for arm in self.waiting}
        worth = [arm for arm, trials in known.items() if self._first_looks.is_worth_starting(arm, trials)]
        if not worth:
            return None
        looks = {arm: self._first_looks.params(arm, known[arm]) for arm in worth}
        longer = {
            arm: self._first_looks.longer_params(arm, known[arm]) for arm in worth if arm in self._first_looks
        }

        def seconds(arm: Arm) -> float:
            params = looks[arm] or longer.get(arm)
            return (
                self._costs.default_seconds(arm) if params is None else self._costs.fold_seconds(arm, params)
            )

        worth = self._startable(worth, seconds, left)
        if not worth:
            return None
        due = [arm for arm in self._baselines if arm not in self._first_looks or not started(arm)]
        chosen = next_default(
            worth,
            baselines=due if count else (),
            seconds=seconds,
            reserve=self._refit_reserve,
            cost_factor=lambda arm: self._cost_factor(arm, known[arm]),
            left=left,
            trials=math.inf if self._budget.trials is None else self._budget.trials - count,
        )
        if looks[chosen] is not None:
            return Start(chosen, default=False, params=looks[chosen])
        self.waiting.remove(chosen)
        params = longer.get(chosen)
        if params is None and worth == [chosen]:
            params = self._trainings.of_last_arm(chosen, left=left)
        return Start(chosen, default=True, params=params)

    def has_only_first_look(self, arm: Arm) -> bool:
        """Return whether the arm has had only its first look."""
        return arm in self._first_looks and arm in self.waiting

    def _startable(self, arms: list[Arm], seconds: Callable[[Arm], float], left: float) -> list[Arm]:
        """Return the arms that can start in the time left.

        If there is little time and no result of transfer yet, arms that transfer come first: a baseline alone
        has nothing to be compared with.
        """
        if self._history.best() is not None:
            arms = [arm for arm in arms if seconds(arm) <= POLICY.longest_start * left]
        compared = any(trial.folds and not trial.baseline for trial in self._history.trials.values())
        budget = self._budget.seconds
        if not compared and budget is not None and left < POLICY.short * budget:
            arms = [arm for arm in arms if arm not in self._baselines] or arms
        return list(arms)

    def _refit_reserve(self, arm: Arm) -> float:
        held_out = self._history.held_out_share(arm.backbone)
        return refit_reserve(self._costs.default_seconds(arm), held_out, self._budget)

    def _cost_factor(self, arm: Arm, started: Sequence[Trial]) -> float:
        """Return the factor on the arm's seconds in the order.

        It comes from the arm's first look, or else from its forecast and from past runs.
        """
        gain = self._first_looks.gain(arm, started) if started else self._forecast_gain(arm)
        scale, factor = self._history.accuracy_scale, 1.0
        if gain is not None:
            factor = min(max(USUAL_GAIN * scale / max(gain, 1e-9), 1 / MAX_FACTOR), MAX_FACTOR)
        regret = self._warm_start.expected_regret(arm.strategy) / scale if self._warm_start else 0.0
        return factor if started else factor * (1 + max(0.0, regret) / DOUBLING_REGRET)

    def _forecast_gain(self, arm: Arm) -> float | None:
        """Return the expected improvement of an arm on the best trial by its forecast, if it has one."""
        history = self._history
        best = history.best(ignore_cost=True)
        if best is None or arm not in history.forecasts:
            return None
        expected, deviation = prior_difference(arm, best.arm, history.forecasts, scale=history.accuracy_scale)
        return expected_improvement(expected, deviation)
