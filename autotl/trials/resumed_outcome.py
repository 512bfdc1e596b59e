"""Settle what came of going on with a trial that was stopped for being behind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from autotl.api import Outcome
from autotl.trials.trial import Trial


def merge_resumed(trial: Trial, outcome: Outcome) -> Outcome:
    """What came of going on with a trial that was stopped for being behind, from its beginning."""
    begun = trial.folds[0]
    why = outcome.why
    if outcome.state == "failed":  # it is not tried again
        trial.barred |= {0}
        delete_checkpoint(trial)
    elif any(each.fold == 0 for each in outcome.folds):
        trial.gone_on = True
        at = f" at {trial.checkpoint.progress:.0%}" if trial.checkpoint else ""
        why = "; ".join(filter(None, (f"stopped early{at}, gone on with later", why)))
        delete_checkpoint(trial)
    folds = tuple(
        replace(each, seconds=begun.seconds + each.seconds) if each.fold == 0 else each
        for each in outcome.folds
    )
    return replace(outcome, folds=folds, why=why, checkpoint=None)


def delete_checkpoint(trial: Trial) -> None:
    """Delete what a trial could go on from."""
    if trial.checkpoint:
        Path(trial.checkpoint.path).unlink(missing_ok=True)
    trial.checkpoint = None
