"""Forecast the final score of a pruned trial, if it is resumed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autotl.trials.history import TrialHistory
from autotl.trials.prior import BETWEEN_ARMS
from autotl.trials.trial import Trial

PRIOR_DEVIATION = 0.03
"""The prior standard deviation of the later improvement of an arm's trials, in units of accuracy.

It has the weight of one more trial.
"""
MIN_PROBABILITY = 0.05
"""A pruned trial is resumed only if it ends above the best one with at least this probability."""


@dataclass(frozen=True, slots=True)
class ResumeForecast:
    """The expected difference to the best trial, and its standard deviation."""

    difference: float
    deviation: float

    @property
    def probability(self) -> float:
        """The probability that the trial ends above the best one."""
        return 0.5 * (1 + math.erf(self.difference / self.deviation / math.sqrt(2)))


def resumable_trials(history: TrialHistory) -> list[Trial]:
    """Return the pruned trials that have a checkpoint."""
    return [
        trial
        for trial in history.trials.values()
        if trial.checkpoint and trial.state == "pruned" and 0 not in trial.excluded_folds
    ]


def resume_forecast(history: TrialHistory, trial: Trial, best: Trial) -> ResumeForecast | None:
    """Forecast the final score of a pruned trial if it is resumed.

    The trial is expected to improve as the complete trials of its arm did after the same point (mean and
    variance). The difference is shrunk towards 0 as in :meth:`TrialHistory.posterior_mean`.

    Args:
        history: All trials.
        trial: The pruned trial.
        best: The best trial.

    Returns:
        None if the trial has no checkpoint, or no complete trial of its arm has a score at that point.
    """
    if trial.checkpoint is None:
        return None
    improvements = [
        other.folds[0].score - then
        for other in history.scored_trials(trial.arm)
        if other.state == "complete"
        and 0 in other.folds
        and (then := score_at(other, trial.checkpoint.progress)) is not None
    ]
    if not improvements:
        return None
    n, scale = len(improvements), history.accuracy_scale
    mean = float(np.mean(improvements))
    squares = float(np.sum((np.array(improvements) - mean) ** 2)) + (PRIOR_DEVIATION * scale) ** 2
    deviation = math.sqrt(squares / n * (1 + 1 / n))  # of one more trial, around their mean
    difference = trial.folds[0].score + mean - best.folds[0].score
    prior = BETWEEN_ARMS * scale
    shrinkage = prior**2 / (prior**2 + history.metric_standard_error(trial, best) ** 2)
    return ResumeForecast(shrinkage * difference, shrinkage * deviation)


def score_at(trial: Trial, progress: float) -> float | None:
    """Return the first fold's score at ``progress``, or None if unknown."""
    scores = trial.intermediate_scores
    if not scores or scores[0][0] > progress:
        return None
    done, values = zip(*scores, strict=True)
    return float(np.interp(progress, done, values))
