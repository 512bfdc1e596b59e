"""Train the winner again: on all training images, or on folds whose networks were not kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from autotl.api import WHOLE, Arm, Outcome
from autotl.budget.refit_policy import SAFETY, is_due, refit_seconds, spare
from autotl.clock import Budget, Clock, Deadline
from autotl.finalize.deadline import REPORT_SECONDS, end_of_budget, rivals
from autotl.trials.history import TrialHistory
from autotl.trials.jobs import job_of, refit_job
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial


def repeat(
    worker: TrialRunner, ledger: TrialHistory, baselines: Collection[Arm], budget: Budget, *, end: Deadline
) -> None:
    """Train the two rivals again on folds whose networks were not kept, where that takes next to nothing.

    The interval of the gain wants several networks of each: those of the first repeat, as the search keeps.
    No training goes on beyond ``end``.
    """
    for trial in rivals(ledger, baselines):
        wanted = {fold for fold in trial.folds if fold < ledger.k} if trial else set()
        missing = sorted(wanted - trial.models.keys()) if trial else []
        if trial and missing and trial.fold_seconds * len(missing) <= 0.5 * spare(budget):
            again = replace(worker, keep=0.0)(
                job_of(trial, tuple(missing)), lambda job, said: "stopped" if end.passed() else None
            )
            trial.models |= again.models if again.state == "complete" else {}


def refit(
    worker: TrialRunner, winner: Trial, held: float, clock: Clock, started: float, budget: Budget
) -> Outcome | None:
    """Train the winner's settings on all training rows, of which its folds ``held`` this share out; None
    where there is no need, no time, or it fails.
    """
    fold, backbone = winner.fold_seconds, worker.materials.backbones[winner.arm.backbone]
    test = backbone.pace.seconds(len(worker.materials.splits.test), side=winner.side or backbone.side)
    end = end_of_budget(started, budget) - REPORT_SECONDS - SAFETY * test
    if not is_due(winner, held, budget) or clock.now() + refit_seconds(fold, held) > end:
        return None
    outcome = worker(refit_job(winner), lambda job, said: "stopped" if clock.now() > end else None)
    return outcome if outcome.state == "complete" and WHOLE in outcome.models else None
