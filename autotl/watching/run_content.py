"""Define the content of the page of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from autotl.api import Arm, Record
from autotl.report.metric_format import ACCURACY, Measure

RunState = Literal["running", "finished", "interrupted", "failed", "stopped"]
"""``interrupted``: by Ctrl-C, with a report. ``stopped``: the process is gone without one."""


@dataclass(frozen=True, slots=True)
class RunContent:
    """The part of a run that changes with trials and notes.

    Attributes:
        name: The name of the data or of the run.
        folder: The run folder; None before it is known.
        state: The state of the run.
        goal: The data, the arms and the budget in a line.
        measure: The metric.
        arms: The arms of the search.
        skipped: The arms that are not searched, with the reasons.
        records: The trials by number; scores are higher if better.
        notes: Sentences for the user, in their order.
        verdict: The result of a finished run.
        report: The page of the report, once it is written.
    """

    name: str = "run"
    folder: Path | None = None
    state: RunState = "running"
    goal: str = ""
    measure: Measure = ACCURACY
    arms: tuple[Arm, ...] = ()
    skipped: tuple[tuple[Arm, str], ...] = ()
    records: tuple[Record, ...] = ()
    notes: tuple[str, ...] = ()
    verdict: str = ""
    report: Path | None = None


@dataclass(frozen=True, slots=True)
class RunMoment:
    """The part of a run that changes with each second.

    Attributes:
        step: The current step.
        seconds: Time since the start of the run; None if unknown.
        seconds_left: Time of the budget that is left; None without a budget, or if it is unknown.
    """

    step: str = ""
    seconds: float | None = None
    seconds_left: float | None = None


class RunSource(Protocol):
    """Observes a run for its page; called by threads of the server."""

    def content(self) -> RunContent:
        """Return the trials, arms and notes."""
        ...

    def moment(self) -> RunMoment:
        """Return the current step and the time."""
        ...
