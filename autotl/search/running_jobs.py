"""The jobs that are running, and their entries in the journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from autotl.api import Arm, Job
from autotl.errors import DiskFull
from autotl.trials.journal import Journal, StartedJob
from autotl.trials.trial import Trial


class RunningJobs:
    """The running jobs, by the number of their trial.

    Attributes:
        refused: How many suggestions of each arm could not start since the last job ended. They equalled a
            running trial, or would have taken too long.
    """

    def __init__(self, journal: Journal | None) -> None:
        """Begin without jobs.

        Args:
            journal: Each start and end is written to it; None to write nothing.
        """
        self._journal = journal
        self._running: dict[int, tuple[Trial, StartedJob]] = {}
        self.refused: Counter[Arm] = Counter()

    def __len__(self) -> int:
        return len(self._running)

    def __iter__(self) -> Iterator[tuple[Trial, StartedJob]]:
        return iter([*self._running.values()])

    def by_number(self) -> dict[int, Trial]:
        """Return the running trials, by number."""
        return {number: trial for number, (trial, _) in self._running.items()}

    def start(self, trial: Trial, folds: tuple[int, ...], *, attempts: int = 1) -> Job:
        """Return a job for some folds of a trial, and register it.

        Args:
            trial: The trial.
            folds: The folds that it runs on.
            attempts: How often the job has started.
        """
        started = StartedJob(folds, attempts)
        self.write(trial, started)
        self._running[trial.number] = trial, started
        return trial.job(folds)

    def trial(self, number: int) -> Trial:
        """Return the running trial with this number."""
        return self._running[number][0]

    def end(self, number: int) -> None:
        """Remove a job that has ended."""
        del self._running[number]
        self.refused.clear()

    def write(self, trial: Trial, started: StartedJob | None = None) -> None:
        """Write a trial to the journal, with its running job."""
        if self._journal is not None:
            running = self._running.get(trial.number)
            self._journal.write(trial, started or (running[1] if running else None))

    def abandon(self) -> None:
        """Write the running jobs so that the attempt does not count.

        An error or Ctrl-C is not the job's fault.
        """
        for trial, started in self:
            with suppress(DiskFull):  # it was raised before
                self.write(trial, StartedJob(started.folds, started.attempts - 1))
