"""What a strategy builds, and what it builds it from."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

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
    a pass of its own. ``loss`` is the mean training loss of an epoch that is over.
    """

    step: int
    score: float | None = None
    progress: float = 0.0
    logits: Tensor | None = None
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """The same thing for the rows to learn from and for those to validate on (none, in the final refit)."""

    train: T
    val: T


@dataclass(frozen=True, slots=True)
class HeadSetting:
    """How a linear classifier is fitted to frozen features by multinomial logistic regression.

    ``c`` is scikit-learn's C, ``balanced`` its ``class_weight="balanced"``; ``standardise`` scales each
    feature to variance 1 on the rows that are fitted.
    """

    c: float
    standardise: bool = True
    balanced: bool = False


class Images(Protocol):
    """uint8 images (rows, 3, height, width): a tensor, or what decodes them when they are asked for."""

    def __len__(self) -> int: ...
    def __getitem__(self, rows: Any, /) -> Tensor: ...


class Cut(Protocol):
    """A model whose frozen first layers need not be run again: what they give is computed once and kept.

    ``suffix`` is the rest of the model: activations in, logits out. It shares the model's layers and follows
    its mode. ``views`` is how many differently augmented views of the training images are kept at most.
    """

    @property
    def suffix(self) -> nn.Module: ...
    @property
    def views(self) -> int: ...

    def activations(self, view: int = 0) -> Rows[Tensor]:
        """What the frozen layers give, float16 or bfloat16 (rows, …), in the order of the labels.

        Training images are seen in that augmented view, validation images as in evaluation. The first call
        for a view runs the frozen layers.
        """
        ...


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


@runtime_checkable
class Resumable(Protocol):
    """What a :class:`Learner` may offer besides: a stopped one can then be gone on with, in another process.

    To go on gives what it would have given had it not been stopped: the same scores and weights.
    """

    def checkpoint(self) -> Mapping[str, Tensor] | None:
        """All that is needed to go on from the step :meth:`Learner.fit` has yielded last, before that is
        closed: copies on the CPU. None where it cannot be gone on with.
        """
        ...

    def resume(self, checkpoint: Mapping[str, Tensor]) -> None:
        """Called before :meth:`Learner.fit`, on a learner built from the same settings, bench and seed: let
        it go on from there. Steps and progress go on from where they were.
        """
        ...


class Workbench(Protocol):
    """What a learner works on: one task, one backbone, one fold, one seed.

    ``processes`` is how many are to train a network together (1: this one). Where the time is up, a call may
    end the trial by raising what no ``except Exception`` catches: let it
    pass.
    """

    task: Task
    backbone: Backbone
    device: str
    processes: int
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

    def weights(self) -> Tensor | None:
        """How much each training row is to count, float32 (rows,) of mean 1, on the CPU; None: all the same.

        Rows that are doubtful, or unlike the images the model is for, count less. A strategy that trains
        multiplies each row's loss by its weight; one that cannot may say so in ``applies``.
        """
        ...

    def features(self, *, side: int) -> Rows[Tensor]:
        """Pooled features of the frozen backbone, float32 (rows, features), computed once and kept on disk.

        Rows come in the order of :meth:`labels`. Images are seen as in evaluation, at ``side`` pixels.
        """
        ...

    def heads(self, settings: Sequence[HeadSetting], *, side: int) -> list[tuple[Tensor, Tensor]]:
        """A linear classifier on :meth:`features` for each setting: weight (classes, features) and bias
        (classes,).

        The first call with these settings fits them all, on all folds of the first repeat at once; a fold of
        a later repeat is fitted when it is asked for. What is found is kept on disk.
        """
        ...

    def cut(
        self, model: nn.Module, through: int, *, side: int, augment: str = "none", views: int = 1
    ) -> Cut | None:
        """``model`` cut behind its first ``through`` stages, which must be frozen as :meth:`model` gave them.

        ``augment`` is a name of AUGMENTATIONS, ``views`` how many views of it are wanted. None where nothing
        is frozen, the network cannot be cut there, or there is no room to keep what the layers give: then
        train the whole.
        """
        ...

    def pixels(self, *, side: int, augmented: bool = False) -> Rows[Images]:
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
