"""Restore the trials of a search, and deleted weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from autotl.api import ATTEMPTS, DIED, Arm
from autotl.trials.history import TrialHistory
from autotl.trials.journal import Journal, JournalEntry, StartedJob
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial
from autotl.workbench.tensor_files import is_complete


@dataclass(frozen=True, slots=True)
class SearchRecord:
    """The trials of a search, and where they are recorded.

    Attributes:
        history: All trials with a result.
        journal: The files that each change of a trial is written to; None keeps no files.
        unfinished: The trials that were running when the process ended; they are run again.
        notes: Sentences on the trials that were restored.
    """

    history: TrialHistory
    journal: Journal | None = None
    unfinished: tuple[JournalEntry, ...] = ()
    notes: tuple[str, ...] = ()


def restore(
    history: TrialHistory,
    journal: Journal,
    arms: Collection[Arm],
    *,
    classes: int,
    timed: bool,
    networks: Collection[str] | None = None,
) -> SearchRecord:
    """Add the trials in ``journal`` to ``history``.

    A trial that was running is run once more. If the process has ended during that as well, the trial has
    failed. Trials of arms that no longer exist are kept, but run on no further folds. If their network is
    gone as well, they cannot be chosen.

    Args:
        history: The history to fill.
        journal: The files of the trials.
        arms: The arms of the search.
        classes: The number of classes, labels or numbers.
        timed: Whether the budget is a time. If so, costs are measured ones, not expected ones.
        networks: The names of the networks of this start; None if all are here.
    """
    entries, notes = journal.read(history.targets, classes)
    again, missing = [], Counter[str]()
    for entry in entries:
        trial, started = entry.trial, entry.started
        if timed:
            trial.expected_fold_seconds = None
        if started is not None and started.attempts >= ATTEMPTS:
            _fail(trial, started)
            journal.write(trial)
            notes.append(f"Trial {trial.number} ({trial.arm}) is not tried again: {DIED}.")
            started = None
        if networks is not None and trial.arm.backbone not in networks:
            missing[trial.arm.backbone] += bool(trial.folds)
            trial.models.clear()
            trial.checkpoint = None
        if trial.arm not in arms:
            trial.excluded_folds = frozenset(range(len(history.targets)))
        elif started is not None:
            again.append(entry)
        if trial.folds or started is None:
            history.trials[trial.number] = trial
    history.version += 1
    notes += [
        f"Trials of {network} cannot be chosen ({trials} with a score): the network is not part of this run."
        for network, trials in missing.items()
        if trials
    ]
    return SearchRecord(history, journal, tuple(again), tuple(notes))


def _fail(trial: Trial, started: StartedJob) -> None:
    trial.excluded_folds |= frozenset(started.folds)
    if not trial.folds:
        trial.state, trial.why = "failed", DIED


def retrain_missing_weights(history: TrialHistory, runner: TrialRunner) -> list[str]:
    """Retrain each arm's best trial and default if their weights are missing.

    A finished run keeps the weights of one model only. References to other missing weights and checkpoints
    are removed from the trials.

    Returns:
        A sentence on each trial that was retrained, or could not be.
    """
    notes = []
    for trial in history.trials.values():
        if trial.checkpoint and not is_complete(trial.checkpoint.path):
            trial.checkpoint = None
        for fold in [fold for fold, path in trial.models.items() if fold and not is_complete(path)]:
            del trial.models[fold]
    for arm in history.arms():
        for defaults_only in (False, True):
            while (best := history.best(arm, defaults_only=defaults_only)) and not is_complete(
                str(best.model)
            ):
                notes.append(_retrain(best, runner))
    for trial in history.trials.values():
        if trial.model and not is_complete(trial.model):
            del trial.models[0]
    history.version += 1
    return notes


def _retrain(trial: Trial, runner: TrialRunner) -> str:
    """Retrain the first fold of a trial.

    A trial that stays without weights can no longer be chosen.
    """
    del trial.models[0]
    outcome = runner(trial.job((0,)), lambda job, progress: None)
    if outcome.state != "complete" or 0 not in outcome.models:
        return f"The weights of trial {trial.number} ({trial.arm}) are missing: it cannot be exported."
    trial.models[0], trial.input_size = outcome.models[0], outcome.input_size
    return f"Trial {trial.number} ({trial.arm}) was trained again, because its weights were missing."
