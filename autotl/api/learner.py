"""What a strategy builds, and what it builds it from."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from autotl.api.backbone import Backbone
from autotl.api.task import Task

if TYPE_CHECKING:
    from torch import Tensor, nn

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Epoch:
    """One step of learning, as the search sees it.

    ``score`` is the task's metric on the validation rows (higher is better), or None for a step inside an
    epoch: yield those too where epochs are long, so that a deadline holds within a step. ``progress`` is the
    share of the planned work that is done, in [0, 1]. ``logits`` (validation rows, classes) spare the search
    a pass of its own.
    """

    step: int
    score: float | None = None
    progress: float = 0.0
    logits: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """The same thing for the rows to learn from and for those to validate on (none, in the final refit)."""

    train: T
    val: T


class Learner(Protocol):
    """Something that learns, one step at a time, and can be closed at any of them."""

    def fit(self) -> Generator[Epoch, None, None]:
        """Learn. Closing the generator is how pruning and the deadline work."""
        ...

    def module(self) -> nn.Module:
        """The whole network as last scored: images in, logits out; a stock timm model in eval
        mode.
        """
        ...

    @property
    def side(self) -> int:
        """The size in pixels of the images the network is to be given."""
        ...


class Workbench(Protocol):
    """What a learner works on: one task, one backbone, one fold, one seed."""

    task: Task
    backbone: Backbone
    device: str
    seed: int

    def model(self, *, pretrained: bool = True) -> nn.Module:
        """A fresh stock timm model on the device, with a new zero head for the task's classes.

        With ``pretrained=False`` it is re-initialised from the seed, as timm does for training from scratch.
        """
        ...

    def source_model(self) -> nn.Module:
        """The pretrained model with its own source head, on the device."""
        ...

    def labels(self) -> Rows[Tensor]:
        """Class indices, int64 (rows,), on the CPU."""
        ...

    def features(self, *, side: int) -> Rows[Tensor]:
        """Pooled features of the frozen backbone, float32 (rows, features), computed once and kept on disk.

        Rows come in the order of :meth:`labels`. Images are seen as in evaluation, at ``side`` pixels.
        """
        ...

    def pixels(self, *, side: int, augmented: bool = False) -> Rows[Tensor]:
        """Images as uint8 (rows, 3, height, width), decoded once and kept on disk, not yet normalised.

        As the network is to see them in evaluation; with ``augmented=True`` the training rows come with the
        margin that random crops need.
        """
        ...

    def normalise(self, pixels: Tensor) -> Tensor:
        """uint8 images as the backbone wants them: float32, on the device."""
        ...

    def score(self, logits: Tensor) -> float:
        """The task's metric of validation logits (rows, classes); 0 where there are no validation rows."""
        ...
