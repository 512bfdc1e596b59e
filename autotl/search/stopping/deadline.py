"""End trials at the deadline of the search."""

from __future__ import annotations

from autotl.search.stopping.rule import StoppingContext, StoppingRule, TrialStep
from autotl.trials.trial import Trial


class DeadlineRule(StoppingRule):
    """Ends a trial at the deadline, once a score exists."""

    def __init__(self, context: StoppingContext) -> None:
        super().__init__(context)
        self._scored: set[int] = set()

    def start(self, trial: Trial) -> None:
        """Forget the score of an earlier job."""
        self._scored.discard(trial.number)

    def ends_trial(self, step: TrialStep) -> bool:
        """Return whether the time is up and there is a score."""
        number = step.trial.number
        if step.fold == 0 and step.epoch.score is not None:
            self._scored.add(number)
        context = self._context
        return step.now >= context.ends_at() and (
            context.history.best() is not None or number in self._scored
        )
