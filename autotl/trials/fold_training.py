"""Train one fold of a trial, report progress and score it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from autotl.api import Checkpoint, Epoch, FoldScore, Job, JobProgress, Learner, OnProgress, Resumable, State
from autotl.clock import Clock
from autotl.training import predict_outputs
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
        checkpoint: The checkpoint of a pruned fold.
    """

    state: State = "complete"
    why: str = ""
    scores: list[FoldScore] = field(default_factory=list)
    models: dict[int, str] = field(default_factory=dict)
    input_size: int = 0
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
        last, ended = self._train(result)
        seconds = self._seconds_of_steps()
        if self.fold is None or (ended and self.fold != 0):
            return ended  # an incomplete fold counts only if the trial has no other
        if last is None:
            if ended is None:
                raise ValueError("fit() must yield at least one score (got none)")
            if self.resumed or ended != "stopped" or not self.baseline:
                return ended
            last = Epoch(0)  # the comparison with transfer needs a baseline, however little it has learned
            self.reporter.silence()
        done = self._score(self.fold, last, seconds)
        result.scores.append(done)
        return ended or self.reporter.report(last, done)

    def _train(self, result: JobResult) -> tuple[Epoch | None, State | None]:
        """Return the last scored epoch, and how the trial ends."""
        last, ended = None, None
        with closing(self.learner.fit()) as epochs:
            try:
                for epoch in map(_checked, epochs):
                    if len(self._steps) < 2 and epoch.score is None:
                        self._steps.append(self.clock.now())
                    last = epoch if epoch.score is not None else last
                    if ended := self.reporter.report(epoch):
                        if ended == "pruned" and self.fold == 0 and 0 < epoch.progress < 1:
                            result.checkpoint = result.checkpoint or self._checkpoint(epoch.progress)
                        break
            except TrialEnded as early:  # earlier scores still count
                ended = early.state
        return last, ended

    def _score(self, fold: int, last: Epoch, seconds: float) -> FoldScore:
        """Score the network on the validation images."""
        outputs = last.outputs
        if outputs is None:
            inputs = self.bench.inputs(input_size=self.learner.input_size).val
            outputs = predict_outputs(self.learner.module(), inputs, self.bench)
        array = outputs.detach().float().cpu().numpy()
        _check_shape(array, len(self.bench.targets().val), self.bench.task.target.outputs)
        score = self.bench.score(torch.from_numpy(array))
        if not np.isfinite(array).all():
            raise ValueError("the network's outputs must be finite (got NaN or infinity)")
        return FoldScore(fold, score, array, seconds, last.step)

    def _seconds_of_steps(self) -> float:
        """Return the seconds of all steps, the first counted as the second."""
        now, steps = self.clock.now(), self._steps
        return now - steps[0] + steps[1] - steps[0] if len(steps) == 2 else now - self._started

    def _checkpoint(self, progress: float) -> Checkpoint | None:
        """Save a checkpoint, if the learner can be resumed."""
        kept = self.learner.checkpoint() if isinstance(self.learner, Resumable) else None
        return None if kept is None else Checkpoint(save_tensors(self.checkpoint_file, kept), progress)


def resume_learner(learner: Learner, path: str) -> bool:
    """Resume the learner from a checkpoint; return whether that worked."""
    kept = read_tensors(path) if isinstance(learner, Resumable) else None
    if kept is None:
        return False
    assert isinstance(learner, Resumable)
    learner.resume(kept)
    return True


def _checked(epoch: Epoch) -> Epoch:
    """Return a step of ``fit()``, or raise an error if malformed."""
    if not isinstance(epoch, Epoch):
        raise TypeError(f"fit() must yield autotl.api.Epoch (got {type(epoch).__name__})")
    if epoch.score is not None and not np.isfinite(epoch.score):
        raise ValueError(f"the score that fit() yields must be finite (got {epoch.score})")
    if not 0 <= epoch.progress <= 1:
        raise ValueError(f"the progress that fit() yields must be in [0, 1] (got {epoch.progress})")
    return epoch


def _check_shape(outputs: NDArray[np.float32], rows: int, width: int) -> None:
    if outputs.shape != (rows, width):
        raise ValueError(
            f"the network's outputs must have shape ({rows}, {width}) (got {outputs.shape}): "
            "a row for each validation image and a column for each class"
        )
