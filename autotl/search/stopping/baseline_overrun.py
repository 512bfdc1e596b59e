"""End trials of baselines that exceed their part of the time."""

from __future__ import annotations

from autotl.search.stopping.rule import StoppingContext, StoppingRule, TrialStep
from autotl.trials.trial import Trial

DECODING = 2.0
"""The factor on the time of a first look before its first step, while images are decoded."""


class BaselineOverrunRule(StoppingRule):
    """Ends a baseline's trial when its part of the time is up.

    The time of a trial starts with its first report, because a process may have to start before. The time of
    a first look starts again with its first training step: decoding images once would take most of it.
    """

    def __init__(self, context: StoppingContext) -> None:
        super().__init__(context)
        self._started: dict[int, float] = {}
        self._training: set[int] = set()

    def start(self, trial: Trial) -> None:
        """Forget the times of an earlier job."""
        self._started.pop(trial.number, None)
        self._training.discard(trial.number)

    def ends_trial(self, step: TrialStep) -> bool:
        """Return whether the trial has exceeded its time."""
        trial, number = step.trial, step.trial.number
        self._started.setdefault(number, step.now)
        allowed = self._context.seconds_for(trial)
        if trial.first_look and step.epoch.progress == 0:
            allowed *= DECODING
        elif trial.first_look and number not in self._training:
            self._training.add(number)
            self._started[number] = step.now
        taken = step.now - self._started[number]
        return trial.baseline and not trial.folds and step.fold == 0 and taken > allowed
