"""Decide whether to refit the winner on all training images."""

from __future__ import annotations

import math

from autotl.budget.policy import POLICY
from autotl.clock import Budget
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

MIN_HELD_OUT = 0.05
"""Without a time limit, the fraction of the images that the folds must leave out for a refit."""


def refit_seconds(fold_seconds: float, held_out: float) -> float:
    """Return the seconds of training on all rows; 0 without held-out rows.

    Args:
        fold_seconds: How long training one fold took.
        held_out: The fraction of the rows that a fold leaves out, in [0, 1).
    """
    return fold_seconds / (1 - held_out) if held_out else 0.0


def is_worth_its_time(fold_seconds: float, held_out: float, budget: Budget) -> bool:
    """Return whether a refit is short enough for its additional images.

    Args:
        fold_seconds: How long training one fold took.
        held_out: The fraction of the rows that a fold leaves out, in [0, 1).
        budget: The budget of the run.
    """
    if budget.seconds is None:
        return held_out >= MIN_HELD_OUT
    limit = POLICY.refit * min(1.0, held_out / POLICY.refit_held_out) * budget.seconds
    return held_out > 0 and refit_seconds(fold_seconds, held_out) <= limit


def longest_refittable(held_out: float, budget: Budget) -> float:
    """Return the seconds of the longest fold that allows a refit.

    Args:
        held_out: The fraction of the rows that a fold leaves out, in [0, 1).
        budget: The budget of the run, which has a time limit.
    """
    if not held_out or budget.seconds is None:
        return math.inf
    share = POLICY.refit * min(1.0, held_out / POLICY.refit_held_out)
    return share * budget.seconds * (1 - held_out)


def should_refit(trial: Trial, held_out: float, budget: Budget) -> bool:
    """Return whether ``trial`` should be refitted on all training rows.

    The full training time of a stopped trial is unknown. A trial whose epochs see only a part of the images
    gains nothing from more images.

    Args:
        trial: The trial.
        held_out: The fraction of the rows that a fold leaves out, in [0, 1).
        budget: The budget of the run.
    """
    complete = trial.state != "stopped" and trial.params.get("part", 1.0) >= 1
    return complete and is_worth_its_time(trial.fold_seconds, held_out, budget)


def refit_reserve(fold_seconds: float, held_out: float, budget: Budget) -> float:
    """Return the seconds to keep for refitting a future trial.

    Args:
        fold_seconds: The expected time of a fold.
        held_out: The fraction of the rows that a fold leaves out, in [0, 1).
        budget: The budget of the run.
    """
    if not is_worth_its_time(fold_seconds, held_out, budget):
        return 0.0
    return POLICY.margin * refit_seconds(fold_seconds, held_out)


def expected_refit_gain(history: TrialHistory, trial: Trial, budget: Budget) -> float:
    """Return the expected gain of a refit; 0 without a refit.

    The error is assumed to fall with the square root of the number of images.

    Args:
        history: All trials.
        trial: The trial that would be refitted.
        budget: The budget of the run.
    """
    held_out = history.held_out_share(trial.arm.backbone)
    if not should_refit(trial, held_out, budget):
        return 0.0
    return (1 - (history.score(trial) or 0.0)) * (1 - math.sqrt(1 - held_out))


def repeated_test_seconds(budget: Budget) -> float:
    """Return the seconds for testing further networks of both sides."""
    return math.inf if budget.seconds is None else POLICY.repeated_tests * budget.seconds
