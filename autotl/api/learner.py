"""The learner that a strategy builds, and its steps."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of progress: a deadline can end the training here.

    ``progress`` is the share of the planned work that is done, in [0, 1].
    """

    progress: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """A network that the workbench has evaluated; only :meth:`Workbench.score` makes one.

    Attributes:
        epoch: Number of the epoch, from 1.
        value: The task's metric on the validation rows; higher is better. 0 without validation rows.
        progress: Share of the planned work that is done, in [0, 1].
        outputs: Outputs for the validation rows, float32 (rows, k), on the CPU.
        loss: Mean training loss of the epoch; None if it is unknown.
    """

    epoch: int
    value: float
    progress: float
    outputs: Tensor
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Training rows on the device.

    Attributes:
        inputs: Normalised images or cached activations, float32 (rows, …).
        targets: Encoded targets of the rows.
        weights: Weights of the rows' losses, (rows,); None if all are 1.
    """

    inputs: Tensor
    targets: Tensor
    weights: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """A value for the training rows, and the same for validation rows.

    The final refit has no validation rows.
    """

    train: T
    val: T


class Learner(Protocol):
    """An object that learns step by step.

    It can be closed at any step.
    """

    def fit(self) -> Generator[Beat | Score, None, None]:
        """Learn, and yield each step.

        The last step must be a :class:`Score`. The network of the last score is the result: it counts in
        validation, and it is delivered. Pruning and the deadline close the generator, so yield a beat every
        few seconds.
        """
        ...


@runtime_checkable
class Resumable(Protocol):
    """An optional part of a :class:`Learner`: resuming a stopped training.

    The training can resume in another process. A resumed training gives the same scores and weights as a
    training without the stop.
    """

    def checkpoint(self) -> Mapping[str, Tensor] | None:
        """Return the tensors from which training can resume.

        They hold the state after the step that :meth:`Learner.fit` yielded last. The method is called before
        ``fit`` is closed.

        Returns:
            Copies on the CPU; None if the training cannot be resumed.
        """
        ...

    def resume(self, checkpoint: Mapping[str, Tensor]) -> None:
        """Restore a checkpoint, so that :meth:`Learner.fit` continues from it.

        Called before :meth:`Learner.fit`, on a learner built from the same settings, bench and seed. Steps
        and progress continue from their values in the checkpoint.
        """
        ...
