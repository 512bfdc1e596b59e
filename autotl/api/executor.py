"""The contract between the search and the place where trials run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from autotl.api.learner import Epoch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WHOLE = -1
"""Stands for all training rows where a fold's number would stand."""

ATTEMPTS = 2
"""How often a job is run whose process dies."""
DIED = "the process ended twice while it ran: killed, out of memory, or a crash in native code"

State = Literal["complete", "pruned", "stopped", "failed"]
"""``pruned``: no hope against the best; ``stopped``: out of time; both keep what they scored."""


@dataclass(frozen=True, slots=True)
class Job:
    """One trial, or some more folds of one, as plain data: it crosses process borders.

    ``folds`` are indices into the split's folds; empty means all training rows and nothing to validate on, as
    in the final refit. ``checkpoint`` is a file to go on from on the first fold; where there is none, or it
    is gone, the fold is begun anew.
    """

    number: int
    strategy: str
    backbone: str
    params: Mapping[str, Any]
    seed: int
    folds: tuple[int, ...]
    checkpoint: str = ""


@dataclass(frozen=True, slots=True)
class FoldScore:
    """The result of a job on one fold: the metric, its validation logits, and the epochs.

    ``seconds`` are those of the training's steps, without those in which images were decoded.
    """

    fold: int
    score: float
    logits: NDArray[np.float32]
    seconds: float
    epochs: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a job that was stopped early can go on from: a safetensors file, and the share of the fold's
    planned work that was done, in (0, 1).
    """

    path: str
    progress: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended. ``why`` says the reason unless it is complete.

    ``models`` are safetensors files with the weights of its folds, by fold (the refit's under :data:`WHOLE`),
    ``side`` is the image size they want. ``checkpoint`` is what its first fold can go on from, where it was
    pruned on that and its learner is :class:`~autotl.api.Resumable`.
    """

    job: Job
    state: State
    folds: tuple[FoldScore, ...]
    seconds: float
    why: str = ""
    models: Mapping[int, str] = field(default_factory=dict)
    side: int = 0
    checkpoint: Checkpoint | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a running job tells: an epoch inside a fold, or (``done``) a fold that has just been scored.

    ``fold`` is -1 where all rows are learned from.
    """

    fold: int
    epoch: Epoch
    done: FoldScore | None = None


Go = Callable[[Job, Said], State | None]
"""Told what a job does; answers None to go on, or how it is to end."""

Work = Callable[[Job, Go], Outcome]


@runtime_checkable
class Executor(Protocol):
    """Where jobs run. Pulls the next job only when it has room for one, and yields each outcome as it ends.

    At most ``workers`` jobs run at once, on ``device`` as torch names it. ``work`` and what it gives can be
    pickled; ``go`` cannot: it is called where the outcomes are read, by one thread at a time, and for no job
    that has ended. What a job says without a score is passed on often enough, not each time; so may an
    epoch's logits be left out.

    Where ``jobs`` yields None there is nothing to do until a job that is running has ended: yield its
    outcome, then ask again. Who runs one job at a time never meets it. A job whose process dies is run once
    more; where that dies too, its outcome is failed, with :data:`DIED`. Who stops reading ends what runs.
    """

    name: str
    summary: str

    def run(
        self, jobs: Iterable[Job | None], work: Work, go: Go, *, workers: int = 1, device: str = "cpu"
    ) -> Iterator[Outcome]: ...
