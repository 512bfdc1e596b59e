"""The contract between the search and the place that runs trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

WHOLE = -1
"""The fold number that stands for all training rows."""

ATTEMPTS = 2
"""Number of times that a job runs if its process dies."""
DIED = "the process ended twice while it ran: killed, out of memory, or a crash in native code"

State = Literal["complete", "pruned", "stopped", "failed"]
"""``pruned``: no chance against the best trial; ``stopped``: out of time. Both keep their scores."""


@dataclass(frozen=True, slots=True)
class Job:
    """A trial, or further folds of a trial, as plain data.

    A job crosses process borders.

    Attributes:
        number: Number of the trial.
        strategy: Name of the strategy.
        backbone: Name of the backbone.
        params: Settings of the trial.
        seed: Seed of the trial.
        folds: Indices into the split's folds. Empty means all training rows and no validation rows, as in the
            final refit.
        checkpoint: File from which the first fold resumes. The fold starts anew if the file is missing or the
            text is empty.
    """

    number: int
    strategy: str
    backbone: str
    params: Mapping[str, Any]
    seed: int
    folds: tuple[int, ...]
    checkpoint: str = ""


@dataclass(frozen=True, slots=True)
class Epoch:
    """A step of a job, as the search sees it.

    Attributes:
        step: Number of the step.
        score: The task's metric on the validation rows; higher is better. None for a step inside an epoch.
        progress: Share of the planned work that is done, in [0, 1].
        outputs: Outputs for the validation rows, (rows, k). None if they are not sent.
        loss: Mean training loss of an epoch that is over.
    """

    step: int
    score: float | None = None
    progress: float = 0.0
    outputs: Tensor | None = None
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class FoldScore:
    """The result of a job on one fold.

    Attributes:
        fold: Index of the fold.
        score: The metric on the validation rows.
        outputs: Outputs for the validation rows, float32 (rows, k).
        seconds: Duration of the training's steps, without the steps in which images were decoded.
        epochs: Number of epochs.
    """

    fold: int
    score: float
    outputs: NDArray[np.float32]
    seconds: float
    epochs: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state from which a job that was stopped early can resume.

    ``path`` is a safetensors file. ``progress`` is the share of the fold's planned work that is done, in (0,
    1).
    """

    path: str
    progress: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a job, with its scores and models.

    Attributes:
        job: The job.
        state: How the job ended.
        folds: Scores of the folds that were completed.
        seconds: Duration of the job.
        why: The reason for the end, unless the state is complete.
        models: Safetensors files with the weights of each fold, by fold; the refit's are under :data:`WHOLE`.
        input_size: Image size in pixels that the models expect.
        checkpoint: State from which the job's first fold can resume. It exists only if the job was pruned on
            that fold and its training can resume.
        notes: The learner's sentences for the report, see :meth:`Workbench.note`. They are those of the
            job's first fold, because a learner may decide otherwise on another.
    """

    job: Job
    state: State
    folds: tuple[FoldScore, ...]
    seconds: float
    why: str = ""
    models: Mapping[int, str] = field(default_factory=dict)
    input_size: int = 0
    checkpoint: Checkpoint | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobProgress:
    """A message of a running job.

    It reports an epoch inside a fold, or in ``done`` a fold that has just been scored. ``fold`` is -1 if the
    job learns from all rows.
    """

    fold: int
    epoch: Epoch
    done: FoldScore | None = None


OnProgress = Callable[[Job, JobProgress], State | None]
"""Receives a message of a job; returns None to continue, or the state in which the job must end."""

Work = Callable[[Job, OnProgress], Outcome]


@runtime_checkable
class Executor(Protocol):
    """Runs jobs, in this process or elsewhere.

    It pulls the next job only when it has room for another job, and yields each outcome as it ends. At most
    ``workers`` jobs run at once, on ``device`` as torch names it.

    ``work`` and its outcomes can be pickled; ``on_progress`` cannot. ``on_progress`` is called in the process
    that reads the outcomes, by one thread at a time, and never for a job that has ended. Messages without a
    score are passed on often enough, not each time. An epoch's outputs may be left out too.

    ``jobs`` yields None if nothing can start before a running job ends: yield its outcome, then ask again. An
    executor that runs one job at a time never receives None.

    A job whose process dies runs a second time. If that process dies too, the outcome is failed, with
    :data:`DIED`. Closing the iterator cancels running jobs.
    """

    name: str
    summary: str

    def run(
        self,
        jobs: Iterable[Job | None],
        work: Work,
        on_progress: OnProgress,
        *,
        workers: int = 1,
        device: str = "cpu",
    ) -> Iterator[Outcome]: ...
