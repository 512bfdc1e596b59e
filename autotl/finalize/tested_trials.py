"""The trials whose networks are tested in any case."""

from __future__ import annotations

from autotl.budget.refit_policy import should_refit
from autotl.clock import Budget
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial


def tested_trials(history: TrialHistory, budget: Budget) -> list[Trial]:
    """Return the best trial of each arm, and the best default.

    The best trial is in the list again if it will be refitted.

    Args:
        history: All trials.
        budget: The budget of the run.
    """
    tested = best_trials(history)
    default = history.best(defaults_only=True)
    if default and all(default.model != trial.model for trial in tested):
        tested.append(default)
    best = history.best()
    if best is not None and should_refit(best, history.held_out_share(best.arm.backbone), budget):
        tested.append(best)
    return tested


def best_trials(history: TrialHistory) -> list[Trial]:
    """Return the best trial of each arm."""
    return [*{best.model: best for arm in history.arms() if (best := history.best(arm))}.values()]
