"""The contracts of a search's plan, its records, and its observers."""

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
    """The arms and the budget of a search, before it starts.

    Attributes:
        task: The target task.
        arms: The arms of the search.
        skipped: The reason for each arm that was left out.
        seconds: Time of the search, or None.
        trials: Number of trials, or None.
        folds: Number of folds.
        higher_is_better: Direction of the metric as users read it. Scores during a search are always higher
            if better.
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
    """A finished trial: a row of the leaderboard.

    Attributes:
        number: Number of the trial.
        arm: The strategy and the backbone.
        params: Settings of the trial.
        default: Whether the settings are the strategy's defaults.
        state: How the trial ended.
        score: Validation metric over ``folds`` folds; higher is better.
        folds: Number of folds that were scored.
        epochs: Number of epochs.
        seconds: Duration of the trial.
        finished_at: Seconds from the start of the search to the end of the trial.
        why: The reason for the end.
        gone_on: Whether the trial was pruned because its score was low, and later resumed.
        look: Whether the trial was a first look: a short training, to predict if the defaults pay.
        notes: The learner's sentences for the report.
        curve: Scores on the first fold, each with the share of its training that was done, in [0, 1].
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
    notes: tuple[str, ...] = ()
    curve: tuple[tuple[float, float], ...] = ()


@runtime_checkable
class Reporter(Protocol):
    """Writes one form of the report."""

    name: str
    summary: str

    def write(self, report: Mapping[str, Any], folder: Path) -> Sequence[Path]:
        """Write the report below ``folder``, and return the files written.

        ``report`` is the content of ``report.json``.
        """
        ...


class Watch(Protocol):
    """Displays the progress of a run to a user.

    Called in the process that runs the search; must not raise.

    A watch may have more methods. ``placed(folder, elapsed)`` is called with the run folder, and the seconds
    that earlier starts of the run have used. ``doing(step, done, total)`` is called for steps before and
    after the search; ``total`` is 0 if it is not known. ``finished(result)`` is called with the result of a
    fit. ``close()`` is called at the end, even after an error or an interrupt.
    """

    def say(self, text: str) -> None:
        """Display a sentence: an inference, or the current step."""
        ...

    def started(self, plan: Plan) -> None:
        """Display the plan, once the arms are known."""
        ...

    def learning(self, arm: Arm, *, number: int, fold: int, score: float | None, progress: float) -> None:
        """Display a step of a running trial; called often.

        Args:
            arm: The trial's arm.
            number: Number of the trial.
            fold: Index of the fold.
            score: Score of the step; None for a step inside an epoch.
            progress: Share of the planned work that is done, in [0, 1].
        """
        ...

    def scored(self, record: Record, best: Record | None) -> None:
        """Display a trial that has ended; ``best`` leads."""
        ...
