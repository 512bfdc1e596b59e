"""The contracts of a search's plan and records, and of what is written about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from autotl.api.task import Task


@dataclass(frozen=True, slots=True)
class Arm:
    """A strategy with a backbone."""

    strategy: str
    backbone: str

    def __str__(self) -> str:
        return f"{self.strategy} · {self.backbone}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a search is about to do. ``skipped`` maps the arms left out to the reason.

    ``higher_is_better`` is of the metric as people read it; scores told during a search are always so.
    """

    task: Task
    arms: tuple[Arm, ...]
    skipped: Mapping[Arm, str]
    seconds: float | None
    trials: int | None
    folds: int
    higher_is_better: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """One finished trial: a row of the leaderboard.

    ``score`` is the validation metric over ``folds`` folds, higher being better; ``finished_at`` counts
    seconds from the search's start. ``gone_on``: it was stopped early for being behind, and gone on with
    later. ``look``: it was a short training, to see whether the defaults are worth their time.
    """

    number: int
    arm: Arm
    params: Mapping[str, Any]
    default: bool
    state: str
    score: float | None
    folds: int
    epochs: int
    seconds: float
    finished_at: float = 0.0
    why: str = ""
    gone_on: bool = False
    look: bool = False


@runtime_checkable
class Reporter(Protocol):
    """Writes one form of the report."""

    name: str
    summary: str

    def write(self, report: Mapping[str, Any], folder: Path) -> Sequence[Path]:
        """Write the report (the content of ``report.json``) below ``folder``; say which files were
        written.
        """
        ...


class Watch(Protocol):
    """Shows a person what a run is doing. Called in the process that runs the search; must not raise.

    A watch may have more methods: ``doing(step, done, total)`` is called for steps before and after the
    search, ``total`` being 0 if it is not known; ``finished(result)`` with the result of a fit; ``close()``
    at the end, however the run ends.
    """

    def say(self, text: str) -> None:
        """A sentence worth reading: what was inferred, what is being done."""
        ...

    def started(self, plan: Plan) -> None:
        """The arms are known."""
        ...

    def learning(self, arm: Arm, *, number: int, fold: int, score: float | None, progress: float) -> None:
        """A step of a running trial; called often."""
        ...

    def scored(self, record: Record, best: Record | None) -> None:
        """A trial has ended; ``best`` leads."""
        ...
