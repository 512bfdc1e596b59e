"""Train one fold of a trial, report progress and score it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from autotl.api import (
    Beat,
    Checkpoint,
    Epoch,
    FoldScore,
    Job,
    JobProgress,
    Learner,
    OnProgress,
    Resumable,
    Score,
    State,
)
from autotl.clock import Clock
from autotl.errors import TrainingError
from autotl.workbench.tensor_files import read_tensors, save_tensors
from autotl.workbench.trial_workbench import TrialWorkbench

REASONS: dict[State, str] = {
    "pruned": "pruned: clearly behind the other trials",
    "stopped": "stopped: the time was up",
}


class TrialEnded(BaseException):
    """Ends a trial during work on its data.

    No ``except Exception`` of a strategy may stop this.
    """

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.state = state


class ProgressReporter:
    """Reports the progress of a job.

    It is also called during long work on the job's data, and then repeats the last progress.
    """

    def __init__(self, job: Job, fold: int | None, on_progress: OnProgress) -> None:
        self._job, self._fold, self._on_progress = job, -1 if fold is None else fold, on_progress
        self._last = Epoch(0)

    def __call__(self) -> None:
        """Raise TrialEnded if the trial must end."""
        if ended := self._on_progress(self._job, JobProgress(self._fold, self._last)):
            raise TrialEnded(ended)

    def silence(self) -> None:
        """Report nothing more: the trial has ended, and is only scored."""
        self._on_progress = lambda job, progress: None

    def report(self, epoch: Epoch, done: FoldScore | None = None) -> State | None:
        """Report an epoch, or the score of a fold that is done.

        Returns:
            How the trial must end; None if it continues.
        """
        self._last = Epoch(epoch.step, progress=epoch.progress)
        return self._on_progress(self._job, JobProgress(self._fold, epoch, done))


@dataclass(slots=True)
class JobResult:
    """The result of a job so far.

    Attributes:
        state: How the job ended.
        why: The reason if it is not complete.
        scores: The score of each fold that is done.
        models: The weights file of each fold, by fold.
        input_size: The image size of the networks, in pixels.
        notes: The learner's sentences for the report, on the job's first fold.
        checkpoint: The checkpoint of a pruned fold.
    """

    state: State = "complete"
    why: str = ""
    scores: list[FoldScore] = field(default_factory=list)
    models: dict[int, str] = field(default_factory=dict)
    input_size: int = 0
    notes: tuple[str, ...] = ()
    checkpoint: Checkpoint | None = None

    def end(self, state: State) -> None:
        """End the job before it is complete."""
        self.state, self.why = state, REASONS[state]


@dataclass(slots=True)
class FoldTraining:
    """The training of one fold.

    Attributes:
        job: The job.
        fold: The fold; None if all training rows are learned from.
        learner: The strategy's learner.
        bench: The data of the fold.
        reporter: Reports the progress.
        clock: The clock.
        checkpoint_file: The file for the checkpoint of a pruned fold.
        baseline: Whether the strategy transfers nothing.
        resumed: Whether the learner was resumed from a checkpoint.
    """

    job: Job
    fold: int | None
    learner: Learner
    bench: TrialWorkbench
    reporter: ProgressReporter
    clock: Clock
    checkpoint_file: Path
    baseline: bool
    resumed: bool = False
    _started: float = 0.0
    _steps: list[float] = field(default_factory=list)

    def run(self, result: JobResult) -> State | None:
        """Train until an end, and add the fold's score to ``result``.

        Returns:
            How the trial must end; None if it continues.
        """
        self._started = self.clock.now()
        ended = self._train(result)
        seconds = self._seconds_of_steps()
        if self.bench.last_score is None and ended is None:
            raise TrainingError("fit() must yield at least one score (got none). Yield bench.score(…).")
        if self.fold is None or (ended and self.fold != 0):
            return ended  # an incomplete fold counts only if the trial has no other
        if self.bench.last_score is None:
            if self.resumed or ended != "stopped" or not self.baseline:
                return ended
            self._score_untrained()
        last = self.bench.last_score
        assert last is not None
        done = FoldScore(self.fold, last.value, last.outputs.numpy(), seconds, last.epoch)
        result.scores.append(done)
        return ended or self.reporter.report(_epoch(last), done)

    def _train(self, result: JobResult) -> State | None:
        """Learn until the end, and return how the trial ends."""
        ended = None
        with closing(self.learner.fit()) as steps:
            try:
                for step in map(self.bench.checked, steps):
                    if len(self._steps) < 2 and isinstance(step, Beat):
                        self._steps.append(self.clock.now())
                    if ended := self.reporter.report(self._message(step)):
                        if ended == "pruned" and self.fold == 0 and 0 < step.progress < 1:
                            result.checkpoint = result.checkpoint or self._checkpoint(step)
                        break
            except TrialEnded as early:  # earlier scores still count
                ended = early.state
        return ended

    def _score_untrained(self) -> None:
        """Score a baseline that had no time for an epoch: transfer is compared with it."""
        self.reporter.silence()
        bench = self.bench
        model, size = bench.tracked or (bench.model(pretrained=False), bench.backbone.input_size)
        bench.score(model, input_size=size, epoch=0, progress=0.0)

    def _message(self, step: Beat | Score) -> Epoch:
        if isinstance(step, Score):
            return _epoch(step)
        last = self.bench.last_score
        return Epoch(1 if last is None else last.epoch + 1, progress=step.progress)

    def _seconds_of_steps(self) -> float:
        """Return the seconds of all steps, the first counted as the second."""
        now, steps = self.clock.now(), self._steps
        return now - steps[0] + steps[1] - steps[0] if len(steps) == 2 else now - self._started

    def _checkpoint(self, step: Beat | Score) -> Checkpoint | None:
        """Save a checkpoint, if the training can be resumed from this step."""
        if isinstance(self.learner, Resumable):
            kept = self.learner.checkpoint()
        else:  # a loop over bench.epochs can resume between two epochs
            kept = self.bench.progress.tensors() if isinstance(step, Score) else None
        return None if kept is None else Checkpoint(save_tensors(self.checkpoint_file, kept), step.progress)


def resume_training(learner: Learner, bench: TrialWorkbench, path: str) -> bool:
    """Resume a training from a checkpoint; return whether that worked.

    Args:
        learner: The strategy's learner.
        bench: Its workbench.
        path: The checkpoint file.
    """
    kept = read_tensors(path)
    if kept is None:
        return False
    if isinstance(learner, Resumable):
        learner.resume(kept)
    else:
        bench.progress.resume_from(kept)
    return True


def _epoch(score: Score) -> Epoch:
    return Epoch(score.epoch, score.value, score.progress, score.outputs, score.loss)
