"""Decide which arm to start next: with its first look, if it has one, or with its defaults."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from autotl.api import Arm, Params
from autotl.budget.refit_policy import kept_for_refit
from autotl.clock import Budget
from autotl.experience import Prior
from autotl.search.acquisition import PRIOR_SPREAD, improvement, next_default
from autotl.search.cost_model import CostModel
from autotl.search.first_look import FirstLooks
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

FAR_TOO_LONG = 3.0
"""How many times the time left a trial may be expected to take when it begins."""

USUAL, MOST = improvement(0.0, PRIOR_SPREAD), 10.0
"""The expected gain of an arm without a first look, in units of accuracy, and the largest cost factor. If
twice that gain is expected of an arm, it is ordered as if it took half the seconds.
"""

DOUBLING_LAG = 0.05
"""An arm that past runs expect this far behind the best is ordered as if it took twice the seconds."""

SHORT = 0.25
"""The share of the budget below which the time left counts as short."""

Begun = Callable[[Arm], Sequence[Trial]]
"""Gives the trials of an arm that have begun, those that are running among them."""


@dataclass(frozen=True, slots=True)
class Start:
    """A trial to begin an arm with; ``params`` are its settings, None for the defaults as they are."""

    arm: Arm
    default: bool
    params: Params | None


class Starts:
    """The arms whose defaults have not begun.

    Args:
        waiting: These arms.
        baselines: The arms that transfer nothing.
        looks: The arms that are looked at first.
        costs: What trials are expected to take.
        ledger: All trials.
        budget: What the search may spend.
        prior: What past runs foretell.
    """

    def __init__(
        self,
        waiting: Iterable[Arm],
        baselines: Sequence[Arm],
        looks: FirstLooks,
        costs: CostModel,
        ledger: TrialHistory,
        budget: Budget,
        prior: Prior | None,
    ) -> None:
        self.waiting = list(waiting)
        self._baselines, self._looks, self._costs = baselines, looks, costs
        self._ledger, self._budget, self._prior = ledger, budget, prior

    def next(self, begun: Begun, *, left: float, count: int) -> Start | None:
        """Return what to start now.

        Args:
            begun: Gives an arm's trials.
            left: The seconds left for trials.
            count: The trials that have begun, of all arms.

        Returns:
            None if no arm is worth starting now.
        """
        due = {arm: begun(arm) for arm in self.waiting}
        worth = [arm for arm, trials in due.items() if self._looks.promises(arm, trials)]
        if not worth:
            return None
        settings = {arm: self._looks.settings(arm, due[arm]) for arm in worth}
        planned = {arm: self._looks.planned(arm, due[arm]) for arm in worth if arm in self._looks}

        def seconds(arm: Arm) -> float:
            params = settings[arm] or planned.get(arm)
            return self._costs.default(arm) if params is None else self._costs.of(arm, params)

        if self._ledger.best() is not None:  # what cannot even end a third of its training is not begun
            worth = [arm for arm in worth if seconds(arm) <= FAR_TOO_LONG * left]
            if not worth:
                return None

        # a baseline is there to be compared with: if there may be time for one trial alone, it transfers
        compared = any(trial.folds and not trial.baseline for trial in self._ledger.trials.values())
        if not compared and self._budget.seconds is not None and left < SHORT * self._budget.seconds:
            worth = [arm for arm in worth if arm not in self._baselines] or worth
        owed = [arm for arm in self._baselines if arm not in self._looks or not begun(arm)]
        chosen = next_default(
            worth,
            baselines=owed if count else (),
            seconds=seconds,
            after=lambda arm: kept_for_refit(
                self._costs.default(arm), self._ledger.held_of(arm.backbone), self._budget
            ),
            cost_factor=lambda arm: self._cost_factor(arm, due[arm]),
            left=left,
            trials=math.inf if self._budget.trials is None else self._budget.trials - count,
        )
        look = settings[chosen]
        if look is not None:
            return Start(chosen, default=False, params=look)
        self.waiting.remove(chosen)
        return Start(chosen, default=True, params=planned.get(chosen))

    def only_looked_at(self, arm: Arm) -> bool:
        """Whether the arm's first look has not been followed by its defaults."""
        return arm in self._looks and arm in self.waiting

    def _cost_factor(self, arm: Arm, begun: Sequence[Trial]) -> float:
        """Return what multiplies the arm's seconds in the order, by its first look or else by past runs."""
        found = self._looks.gain(arm, begun) if begun else None
        if found is not None:
            return min(max(USUAL * self._ledger.unit / max(found, 1e-9), 1 / MOST), MOST)
        behind = self._prior.expected_regret(arm.strategy) / self._ledger.unit if self._prior else 0.0
        return 1 + max(0.0, behind) / DOUBLING_LAG
