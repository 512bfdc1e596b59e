"""Collect the events of a run in this process for its page."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import Any

from autotl.api import Arm, Plan, Record
from autotl.clock import Clock
from autotl.errors import RunError, described
from autotl.metrics import METRICS_OF
from autotl.report import Measure, measure_of
from autotl.results import read_run_file
from autotl.terminal.progress_text import RunProgress
from autotl.trials.journal_headers import read_headers
from autotl.watching.run_content import RunContent, RunMoment, RunState
from autotl.watching.run_names import name_of, report_of

MAX_NOTES = 500
"""Notes that are kept, the last ones."""


class LiveRun:
    """The source of the page of a run in this process.

    Each event replaces immutable values, so the threads of the server need no lock. Events may come from
    several threads of the run, because each logged message is a note.
    """

    def __init__(self, clock: Clock) -> None:
        self._progress = RunProgress(clock)
        self._elapsed = 0.0
        self._content = RunContent()
        self._replacing = RLock()
        self._records: dict[int, Record] = {}
        self._is_finished = False

    def content(self) -> RunContent:
        """Return the trials, arms and notes."""
        return self._content

    def moment(self) -> RunMoment:
        """Return the current step and the time, earlier starts included."""
        left, running = self._progress.seconds_left, self._content.state == "running"
        return RunMoment(
            self._progress.step if running else "",
            self._progress.seconds + self._elapsed,
            None if left is None or not running else max(0.0, left - self._elapsed),
        )

    def placed(self, folder: Path, elapsed: float) -> None:
        """Keep the run folder, and the seconds of earlier starts."""
        self._elapsed = elapsed
        self._replace(folder=folder, name=name_of(read_run_file(folder), folder))

    def note(self, text: str) -> None:
        """Keep a sentence."""
        with self._replacing:
            notes = (*self._content.notes, text)[-MAX_NOTES:]
            self._content = replace(self._content, notes=notes)

    def doing(self, step: str, done: int, total: int) -> None:
        """Keep the current step.

        Args:
            step: Name of the step.
            done: Finished items.
            total: All items; 0 if unknown.
        """
        self._progress.doing(step, done, total)

    def learning(self, arm: Arm, *, number: int, fold: int, progress: float) -> None:
        """Keep the running trial.

        Args:
            arm: Strategy and backbone of the trial.
            number: Number of the trial.
            fold: Index of the fold; negative for the training on all images.
            progress: Finished fraction of the fold, in [0, 1].
        """
        self._progress.learning(arm, number=number, fold=fold, progress=progress)

    def started(self, plan: Plan) -> None:
        """Keep the plan, and the trials of earlier starts."""
        folder = self._content.folder
        if folder is not None and self._elapsed:
            self._records = {
                each.record.number: each.record for each in read_headers(folder) if not each.starts
            }
        self._replace(
            goal=self._progress.planned(plan),
            measure=_measure(plan),
            arms=plan.arms,
            skipped=tuple(plan.skipped.items()),
            records=tuple(self._records.values()),
        )

    def scored(self, record: Record, best: Record | None) -> None:
        """Keep a finished trial."""
        self._progress.scored(record, best)
        self._records[record.number] = record
        ordered = sorted(self._records.values(), key=lambda each: each.number)
        self._replace(records=tuple(ordered))

    def finished(self, verdict: str) -> None:
        """Keep the verdict of a finished run."""
        self._is_finished = True
        self._replace(verdict=verdict)

    def ended(self, error: BaseException | None) -> None:
        """Keep how the run ended: by an error, by Ctrl-C, or well."""
        folder, state = self._content.folder, self._state(error)
        if state == "failed" and error is not None:
            self.note(f"Error: {described(error)}")
        report = report_of(folder) if folder is not None and state in ("finished", "interrupted") else None
        self._replace(state=state, report=report)

    def _replace(self, **changed: Any) -> None:
        """Replace some fields of the content."""
        with self._replacing:
            self._content = replace(self._content, **changed)

    def _state(self, error: BaseException | None) -> RunState:
        if self._is_finished:
            return "finished"
        if not isinstance(error, KeyboardInterrupt):
            return "failed"
        folder, ended = self._content.folder, None
        if folder is not None:
            with suppress(RunError):  # a refused run has no run file any more
                ended = read_run_file(folder).ended
        return ended or "stopped"


def _measure(plan: Plan) -> Measure:
    """Return the format of the plan's metric; a user's function is no percentage."""
    task = plan.task
    known = METRICS_OF[task.target.kind].get(task.metric)
    percent = known is not None and known.percent
    return measure_of(task.metric, higher_is_better=plan.higher_is_better, percent=percent)
