"""Foretell what a stopped trial would come to, from what the arm's others gained after the same point."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autotl.trials.history import LEADS, TrialHistory
from autotl.trials.trial import Trial

GAINS = 0.03
"""How much the later gains of an arm's trials are assumed to differ before they have shown it: as one trial
more that is so far from the others, in units of accuracy.
"""
CHANCE = 0.05
"""A stopped trial that is less likely than this to pass the best at its end stays stopped."""


@dataclass(frozen=True, slots=True)
class ResumeForecast:
    """How far ahead of the best a trial is expected to end, and the standard deviation of that."""

    ahead: float
    spread: float

    @property
    def chance(self) -> float:
        """The probability that it ends ahead."""
        return 0.5 * (1 + math.erf(self.ahead / self.spread / math.sqrt(2)))


def promotable(ledger: TrialHistory) -> list[Trial]:
    """The trials that were stopped for being behind and can go on from there."""
    return [
        trial
        for trial in ledger.trials.values()
        if trial.checkpoint and trial.state == "pruned" and 0 not in trial.barred
    ]


def resume_forecast(ledger: TrialHistory, trial: Trial, best: Trial) -> ResumeForecast | None:
    """What going on with a stopped trial to the end of its first fold is expected to bring; None where no
    trial of its arm shows what comes after.

    It is expected to gain what the others of its arm have gained from the same share of their work on, give
    or take how much they differ in that. Its lead counts the less the fewer images show it, as in
    :meth:`Ledger.belief`.
    """
    if trial.checkpoint is None:
        return None
    gains = [
        other.folds[0].score - then
        for other in ledger.of(trial.arm)
        if other.state == "complete"
        and 0 in other.folds
        and (then := score_at(other, trial.checkpoint.progress)) is not None
    ]
    if not gains:
        return None
    differ = float(np.sum((np.array(gains) - np.mean(gains)) ** 2)) + (GAINS * ledger.unit) ** 2
    spread = math.sqrt(differ / len(gains) * (1 + 1 / len(gains)))  # of one more, around their mean
    ahead = trial.folds[0].score + float(np.mean(gains)) - best.folds[0].score
    leads = LEADS * ledger.unit
    trust = leads**2 / (leads**2 + ledger.spread(trial, best) ** 2)
    return ResumeForecast(trust * ahead, trust * spread)


def score_at(trial: Trial, progress: float) -> float | None:
    """A trial's score on its first fold when so much of it was done; None where that is not known."""
    if not trial.curve or trial.curve[0][0] > progress:
        return None
    done, scores = zip(*trial.curve, strict=True)
    return float(np.interp(progress, done, scores))
