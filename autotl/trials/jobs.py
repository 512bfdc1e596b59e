"""The jobs that train a trial's settings."""

from __future__ import annotations

from autotl.api import Job
from autotl.trials.trial import Trial


def job_of(trial: Trial, folds: tuple[int, ...]) -> Job:
    """The job that trains a trial's settings on these folds, on the first from where it was stopped."""
    checkpoint = trial.checkpoint.path if trial.checkpoint and folds[:1] == (0,) else ""
    return Job(
        trial.number, trial.arm.strategy, trial.arm.backbone, trial.params, trial.seed, folds, checkpoint
    )


def refit_job(trial: Trial) -> Job:
    """The job that trains a trial's settings again on all training rows."""
    return job_of(trial, ())
