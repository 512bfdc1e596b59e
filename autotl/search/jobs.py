"""The jobs that train a trial's settings."""

from __future__ import annotations

from autotl.api import Job
from autotl.search.ledger import Trial


def job_of(trial: Trial, folds: tuple[int, ...]) -> Job:
    """The job that trains a trial's settings on these folds."""
    return Job(trial.number, trial.arm.strategy, trial.arm.backbone, trial.params, trial.seed, folds)


def refit_job(trial: Trial) -> Job:
    """The job that trains a trial's settings again on all training rows."""
    return job_of(trial, ())
