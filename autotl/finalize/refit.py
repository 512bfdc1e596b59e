"""Train the winner again: on all images, or on missing folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from autotl.api import WHOLE, Job, Outcome, Params, State
from autotl.budget.policy import POLICY
from autotl.budget.refit_policy import refit_seconds, repeated_test_seconds, should_refit
from autotl.finalize.final_model import FinalModel
from autotl.finalize.phase import FinalPhase
from autotl.finalize.refit_length import lengthened, usual_epochs
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial


class Refit:
    """The step that trains the winner on all training rows.

    It does nothing if a soup or an ensemble is exported.
    """

    name = "refit"
    optional = True

    def __init__(self, phase: FinalPhase) -> None:
        self._phase = phase

    def expected_seconds(self, history: TrialHistory) -> float:
        """Return the seconds of the refit; 0 if there will be none."""
        best = history.best()
        if best is None:
            return 0.0
        held_out = history.held_out_share(best.arm.backbone)
        if not should_refit(best, held_out, self._phase.budget):
            return 0.0
        return POLICY.margin * refit_seconds(best.fold_seconds, held_out)

    def run(self, model: FinalModel) -> FinalModel:
        """Return the model with the refitted weights, if the refit succeeds."""
        if model.soup.kept or model.members:
            return model
        outcome = self._refit(model.trial)
        if outcome is None:
            return model
        if outcome.state == "complete" and WHOLE in outcome.models:
            return replace(model, refit=True, weights=outcome.models[WHOLE], refit_notes=outcome.notes)
        return replace(model, refit_failure=outcome.why if outcome.state == "failed" else "")

    def _refit(self, winner: Trial) -> Outcome | None:
        phase = self._phase
        held_out = phase.history.held_out_share(winner.arm.backbone)
        tests = phase.pass_seconds(winner, len(phase.run_cache.splits.test))
        end = phase.end - POLICY.report_seconds - POLICY.margin * tests
        needed = refit_seconds(winner.fold_seconds, held_out)
        available = end - phase.clock.now()
        if not should_refit(winner, held_out, phase.budget) or needed > available:
            return None
        job = replace(winner.job(()), params=self._params(winner, needed, available))
        outcome = phase.runner(job, _until(lambda: phase.clock.now() > end))
        if job.params == winner.params:
            return outcome
        before, now = winner.params["epochs"], job.params["epochs"]
        note = f"The refit trained for {now} epochs instead of {before}, because there was time left."
        return replace(outcome, notes=(*outcome.notes, note))

    def _params(self, winner: Trial, needed: float, available: float) -> Params:
        """Return the winner's settings, with more epochs if time is left."""
        phase, arm = self._phase, winner.arm
        strategy = phase.runner.strategies.get(arm.strategy)
        if phase.budget.seconds is None or strategy is None:
            return winner.params
        usual = usual_epochs(strategy, phase.runner.task, phase.run_cache.backbones[arm.backbone])
        return lengthened(winner.params, usual=usual, needed=needed, available=available)


def train_missing_folds(phase: FinalPhase) -> None:
    """Retrain missing networks of both sides of each comparison.

    The interval of a gain uses the networks of all folds of the first repeat. Expensive ones are not
    trained.
    """
    history, end = phase.history, phase.report_deadline
    allowed = POLICY.missing_folds * repeated_test_seconds(phase.budget)
    for trial in phase.compared_trials():
        wanted = {fold for fold in trial.folds if fold < history.folds_per_repeat}
        missing = sorted(wanted - trial.models.keys())
        if missing and trial.fold_seconds * len(missing) <= allowed:
            runner = replace(phase.runner, keep_from_seconds=0.0)
            again = runner(trial.job(tuple(missing)), _until(end.passed))
            trial.models |= again.models if again.state == "complete" else {}


def _until(passed: Callable[[], bool]) -> Callable[[Job, object], State | None]:
    """Return a progress callback that stops the job when ``passed`` is true."""
    return lambda job, progress: "stopped" if passed() else None
