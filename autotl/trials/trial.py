"""A trial: its hyperparameters, its scores and its jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from autotl.api import Arm, Backbone, Checkpoint, FoldScore, Job, Outcome, Params, Record, State


@dataclass(slots=True)
class Trial:
    """A set of hyperparameters of an arm, with its results so far.

    Attributes:
        number: The trial's number in the run, from 0.
        arm: Its strategy and backbone.
        params: Its hyperparameters.
        seed: The seed of its trainings.
        default: Whether ``params`` are the strategy's defaults.
        folds: The result on each fold that has been run, by fold.
        state: How its last job ended.
        seconds: The time that its jobs took.
        why: The reason if it is not complete; "" otherwise.
        models: The weights file of each fold's network, by fold.
        input_size: The image size of its network, in pixels.
        finished_at: When its last job ended, in seconds since the search began.
        baseline: Whether its strategy transfers nothing.
        notes: The learner's sentences for the report, on the first fold's network.
        expected_fold_seconds: The predicted time of a fold if costs are not measured; None otherwise.
        excluded_folds: Folds that must not be run (again).
        intermediate_scores: Scores on the first fold, each with the fraction of the fold that was done.
        checkpoint: The file that a pruned trial can be resumed from.
        resumed: Whether it was pruned and later resumed.
        first_look: Whether it is a short training that decides if the arm's defaults are tried.
    """

    number: int
    arm: Arm
    params: Params
    seed: int
    default: bool
    folds: dict[int, FoldScore] = field(default_factory=dict)
    state: State = "complete"
    seconds: float = 0.0
    why: str = ""
    models: dict[int, str] = field(default_factory=dict)
    input_size: int = 0
    finished_at: float = 0.0
    baseline: bool = False
    expected_fold_seconds: float | None = None
    notes: tuple[str, ...] = ()
    excluded_folds: frozenset[int] = frozenset()
    intermediate_scores: list[tuple[float, float]] = field(default_factory=list)
    checkpoint: Checkpoint | None = None
    resumed: bool = False
    first_look: bool = False

    @property
    def mean_score(self) -> float:
        """The mean validation score of the finished folds, one at least."""
        return float(np.mean([each.score for each in self.folds.values()]))

    @property
    def cost(self) -> float:
        """Seconds that the search attributes to the trial."""
        expected = self.expected_fold_seconds
        return self.seconds if expected is None else expected * max(1, len(self.folds))

    @property
    def fold_cost(self) -> float:
        """Seconds that the search attributes to one fold of the trial."""
        expected = self.expected_fold_seconds
        return self.fold_seconds if expected is None else expected

    @property
    def fold_seconds(self) -> float:
        """Seconds that one fold took, on average."""
        return self.seconds / max(1, len(self.folds))

    @property
    def remaining_seconds(self) -> float:
        """Expected seconds of resuming the first fold; 0 without a checkpoint."""
        if self.checkpoint is None:
            return 0.0
        done, expected = self.checkpoint.progress, self.expected_fold_seconds
        return (1 - done) * (self.seconds / done if expected is None else expected)

    @property
    def model(self) -> str | None:
        """The weights file of the first fold's network."""
        return self.models.get(0)

    def job(self, folds: tuple[int, ...]) -> Job:
        """Return the job that trains the trial on ``folds``.

        The first fold continues from the trial's checkpoint, if there is one. Without folds the job trains
        on all training rows, as for the final refit.
        """
        checkpoint = self.checkpoint.path if self.checkpoint and folds[:1] == (0,) else ""
        arm = self.arm
        return Job(self.number, arm.strategy, arm.backbone, self.params, self.seed, folds, checkpoint)

    def notes_after(self, outcome: Outcome) -> tuple[str, ...]:
        """Return the notes on the first fold's network after a job."""
        replaces = outcome.notes and (0 in outcome.job.folds or not self.notes)
        return outcome.notes if replaces else self.notes

    def merge_resumed(self, outcome: Outcome) -> Outcome:
        """Merge the outcome of a resumed first fold; return the whole.

        If the resumed fold was scored or failed, the checkpoint is deleted. A failed one is never retried.
        """
        before = self.folds[0]
        why = outcome.why
        if outcome.state == "failed":
            self.excluded_folds |= {0}
            self.delete_checkpoint()
        elif any(each.fold == 0 for each in outcome.folds):
            self.resumed = True
            at = f" at {self.checkpoint.progress:.0%}" if self.checkpoint else ""
            why = "; ".join(filter(None, (f"pruned{at}, resumed later", why)))
            self.delete_checkpoint()
        folds = tuple(
            replace(each, seconds=before.seconds + each.seconds) if each.fold == 0 else each
            for each in outcome.folds
        )
        return replace(outcome, folds=folds, why=why, checkpoint=None)

    def delete_checkpoint(self) -> None:
        """Delete the trial's checkpoint, if it has one."""
        if self.checkpoint:
            Path(self.checkpoint.path).unlink(missing_ok=True)
        self.checkpoint = None

    def record(self, score: float | None) -> Record:
        """Return the trial as a row of the leaderboard."""
        return Record(
            number=self.number,
            arm=self.arm,
            params=dict(self.params),
            default=self.default,
            state=self.state,
            score=score,
            folds=len(self.folds),
            epochs=max((each.epochs for each in self.folds.values()), default=0),
            seconds=self.seconds,
            finished_at=self.finished_at,
            why=self.why,
            gone_on=self.resumed,
            look=self.first_look,
            notes=self.notes,
            curve=tuple(self.intermediate_scores),
        )


def use_seconds(trial: Trial, *, networks: Mapping[str, Backbone]) -> float:
    """Return the expected seconds of a trial's network for one image.

    ``networks`` are all networks by name.
    """
    backbone = networks[trial.arm.backbone]
    return backbone.pace.seconds(1, input_size=trial.input_size or backbone.input_size)
