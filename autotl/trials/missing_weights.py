"""Train leading trials again whose weights are gone: a finished run keeps only one model."""

from __future__ import annotations

from autotl.trials.history import TrialHistory
from autotl.trials.jobs import job_of
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial
from autotl.workbench.tensor_files import is_complete


def retrain_missing_weights(ledger: TrialHistory, worker: TrialRunner) -> list[str]:
    """Make sure that each arm's best trial and its default have their weights, and that no trial claims
    weights or a checkpoint that it has not; sentences on what was done.
    """
    told = []
    for trial in ledger.trials.values():
        if trial.checkpoint and not is_complete(trial.checkpoint.path):
            trial.checkpoint = None
        for fold in [fold for fold, path in trial.models.items() if fold and not is_complete(path)]:
            del trial.models[fold]
    for arm in ledger.arms():
        for defaults in (False, True):
            while (best := ledger.best(arm, defaults=defaults)) and not is_complete(str(best.model)):
                told.append(_again(best, worker))
    for trial in ledger.trials.values():
        if trial.model and not is_complete(trial.model):
            del trial.models[0]
    ledger.version += 1
    return told


def _again(trial: Trial, worker: TrialRunner) -> str:
    """Without weights a trial can be chosen no more: give it up where they cannot be had."""
    del trial.models[0]
    outcome = worker(job_of(trial, (0,)), lambda job, said: None)
    if outcome.state != "complete" or 0 not in outcome.models:
        return f"The weights of trial {trial.number} ({trial.arm}) are gone: it cannot be delivered."
    trial.models[0], trial.side = outcome.models[0], outcome.side
    return f"Trial {trial.number} ({trial.arm}) was trained again: its weights were gone."
