"""Prune trials that fall behind the other trials of their arm."""

from __future__ import annotations

from autotl.api import State
from autotl.search.stopping.rule import StoppingRule, TrialStep


class StudyPruningRule(StoppingRule):
    """Prunes a trial by the arm's study (median rule or Hyperband)."""

    state: State = "pruned"

    def ends_trial(self, step: TrialStep) -> bool:
        """Return whether the study prunes the trial."""
        trial, score = step.trial, step.epoch.score
        assert score is not None
        return self._context.studies[trial.arm].should_prune(trial.number, score, step.epoch.progress)
