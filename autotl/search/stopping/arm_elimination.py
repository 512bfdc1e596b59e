"""Eliminate arms that cannot win any more."""

from __future__ import annotations

from autotl.api import Arm
from autotl.search.improvement import PRIOR_DEVIATION
from autotl.search.stopping.rule import StoppingRule
from autotl.trials.history import TrialHistory

STANDARD_ERRORS = 2.58
"""The one-sided limit: one arm in two hundred is eliminated that should have had another trial."""
REACH = 5.0
"""How far further settings may improve on the tried ones, in prior standard deviations of settings."""


class ArmEliminationRule(StoppingRule):
    """Keeps an arm from further trials if it cannot win.

    Its best trial is below the best of all by more than the noise of the validation images plus the reach of
    further settings. The reach decreases with the number of trials.
    """

    def arm_reason(self, arm: Arm) -> str:
        """Return why ``arm`` starts no further trial, or "" if it may."""
        history = self._context.history
        best, own = history.best(ignore_cost=True), history.best(arm, ignore_cost=True)
        if best is None or own is None or own.arm == best.arm:
            return ""
        tried = len(history.scored_trials(arm))
        difference = history.posterior_mean(best) - history.posterior_mean(own)
        noise = STANDARD_ERRORS * history.standard_error(own, best)
        limit = noise + REACH * PRIOR_DEVIATION * history.accuracy_scale / tried
        if difference <= limit:
            return ""
        return (
            f"eliminated after {tried} {'trial' if tried == 1 else 'trials'}: "
            f"{_formatted(history, difference)} below {best.arm} on the validation images, more than noise "
            f"and other settings explain ({_formatted(history, limit)})"
        )


def _formatted(history: TrialHistory, difference: float) -> str:
    return f"{100 * difference:.1f} points" if history.metric.percent else f"{difference:.3f}"
