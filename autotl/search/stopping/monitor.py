"""Ask the stopping rules at each step of the running trials."""

from __future__ import annotations

from dataclasses import replace

from autotl.api import Job, JobProgress, Outcome, State, Watch
from autotl.clock import Clock
from autotl.search.stopping.rule import StoppingRule, TrialStep
from autotl.search.stopping.rules import StoppingRules
from autotl.search.studies.hyperband import STEPS
from autotl.trials.trial import Trial


class TrialMonitor:
    """The running trials of a search.

    Args:
        rules: The stopping rules.
        clock: The clock.
        watch: Shows the progress.
    """

    def __init__(self, rules: StoppingRules, clock: Clock, watch: Watch) -> None:
        self._rules, self._clock, self._watch = rules, clock, watch
        self._trials: dict[int, Trial] = {}
        self._ended_by: dict[int, StoppingRule] = {}

    def start(self, trial: Trial) -> None:
        """Follow a job of ``trial``, which starts."""
        self._trials[trial.number] = trial
        self._ended_by.pop(trial.number, None)
        self._rules.start(trial)

    def on_progress(self, job: Job, progress: JobProgress) -> State | None:
        """Return how a running trial must end, or None if it continues.

        Default and resumed trials are never pruned.
        """
        trial, epoch, done = self._trials[job.number], progress.epoch, progress.done is not None
        step = TrialStep(trial, progress.fold, epoch, done, self._clock.now())
        if rule := self._rules.ending(step, "stopped"):
            return self._end(step, rule)
        self._watch.learning(
            trial.arm, number=job.number, fold=step.fold, score=epoch.score, progress=epoch.progress
        )
        if done or step.fold != 0 or epoch.score is None:
            return None
        _record(trial, epoch.score, epoch.progress)
        if trial.folds or trial.default:
            return None
        rule = self._rules.ending(step, "pruned")
        return None if rule is None else self._end(step, rule)

    def _end(self, step: TrialStep, rule: StoppingRule) -> State:
        self._ended_by[step.trial.number] = rule
        return rule.state

    def with_reason(self, outcome: Outcome) -> Outcome:
        """Return ``outcome`` with the reason of the rule that ended its trial."""
        rule = self._ended_by.get(outcome.job.number)
        if rule is None or rule.state != outcome.state or not rule.reason:
            return outcome
        return replace(outcome, why=rule.reason)


def _record(trial: Trial, score: float, progress: float) -> None:
    """Keep the first score in each tenth of the trial."""
    scores = trial.intermediate_scores
    if not scores or int(progress * STEPS) > int(scores[-1][0] * STEPS):
        scores.append((progress, score))
