"""Decide whether the winner is trained again on all training images, and what to keep for it."""

from __future__ import annotations

import math

from autotl.clock import Budget
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

SAFETY = 1.2
REFIT_SHARE, REFIT_HELD = 0.3, 0.2
"""Of the budget, for training the winner on all images, where its folds leave out this share of them; less
where they leave out less.
"""
LEAST_HELD = 0.05
"""Without a budget no share is too dear, but that of fewer images is not worth another training."""
REPEAT_SHARE = 0.05
"""Of the budget, for testing more than one network of each side of the gain."""


def refit_seconds(fold: float, held: float) -> float:
    """What training on all rows takes where a fold, that leaves the share ``held`` of them out, takes so many
    seconds; 0 where none may be learned from: no refit.
    """
    return fold / (1 - held) if held else 0.0


def worth_refitting(fold: float, held: float, budget: Budget) -> bool:
    """Whether a refit costs little enough: the last fifth of the images is not worth half the search."""
    if budget.seconds is None:
        return held >= LEAST_HELD
    return (
        held > 0 and refit_seconds(fold, held) <= REFIT_SHARE * min(1.0, held / REFIT_HELD) * budget.seconds
    )


def is_due(trial: Trial, held: float, budget: Budget) -> bool:
    """Return whether a refit of this trial is worth it.

    How long one that was stopped would take is unknown, and one that takes a part of the images in each epoch
    gains nothing from more of them.
    """
    whole = trial.state != "stopped" and trial.params.get("part", 1.0) >= 1
    return whole and worth_refitting(trial.fold_seconds, held, budget)


def kept_for_refit(fold: float, held: float, budget: Budget) -> float:
    """What is kept of the budget to train a winner again whose folds take so many seconds."""
    return SAFETY * refit_seconds(fold, held) if worth_refitting(fold, held, budget) else 0.0


def expected_of_refit(ledger: TrialHistory, trial: Trial, budget: Budget) -> float:
    """What training the trial again on all training rows is expected to add to its score; 0 without a refit.

    Errors are taken to fall with the root of the number of images, as the prior of the learning curves does.
    """
    held = ledger.held_of(trial.arm.backbone)
    if not is_due(trial, held, budget):
        return 0.0
    return (1 - (ledger.score(trial) or 0.0)) * (1 - math.sqrt(1 - held))


def spare(budget: Budget) -> float:
    """Seconds for testing further networks of the two sides whose difference is the gain of transfer."""
    return math.inf if budget.seconds is None else REPEAT_SHARE * budget.seconds
