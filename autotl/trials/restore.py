"""Take a search up where its process ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from autotl.api import ATTEMPTS, DIED, Arm
from autotl.trials.history import TrialHistory
from autotl.trials.journal import Entry, Journal, Running
from autotl.trials.trial import Trial


@dataclass(frozen=True, slots=True)
class RestoredSearch:
    """Trials that were ``running`` and are to be run once more, and sentences on what was found."""

    running: tuple[Entry, ...] = ()
    told: tuple[str, ...] = ()


AFRESH = RestoredSearch()
"""Of a search that nothing came before."""


def restore(
    ledger: TrialHistory, journal: Journal, arms: Collection[Arm], *, classes: int, timed: bool
) -> RestoredSearch:
    """Fill ``ledger`` with the trials in ``journal``.

    A trial that was running is to be run once more; where that has been done, it has failed. Trials of arms
    that are gone stay, but are run on no more folds. Without ``timed`` costs are those that were expected.
    """
    entries, told = journal.read(ledger.labels, classes)
    again = []
    for entry in entries:
        trial, running = entry.trial, entry.running
        if timed:
            trial.expected = None
        if running is not None and running.attempts >= ATTEMPTS:
            _give_up(trial, running)
            journal.write(trial)
            told.append(f"Trial {trial.number} ({trial.arm}) is not tried again: {DIED}.")
            running = None
        if trial.arm not in arms:
            trial.barred = frozenset(range(len(ledger.labels)))
        elif running is not None:
            again.append(entry)
        if trial.folds or running is None:
            ledger.trials[trial.number] = trial
    ledger.version += 1
    return RestoredSearch(tuple(again), tuple(told))


def _give_up(trial: Trial, running: Running) -> None:
    trial.barred |= frozenset(running.folds)
    if not trial.folds:
        trial.state, trial.why = "failed", DIED
