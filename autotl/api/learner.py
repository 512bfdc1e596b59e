"""The learner that a strategy builds, and the learner's workbench."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

from autotl.api.backbone import Backbone
from autotl.api.target import HeadSetting, Target
from autotl.api.task import Task

if TYPE_CHECKING:
    from torch import Tensor, nn

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Epoch:
    """A step of learning, as the search sees it.

    Attributes:
        step: Number of the step.
        score: The task's metric on the validation rows; higher is better. None for a step inside an epoch:
            yield such steps too if epochs are long, so that a deadline holds within a step.
        progress: Share of the planned work that is done, in [0, 1].
        outputs: Outputs for the validation rows, (rows, k). They spare the search another pass.
        loss: Mean training loss of an epoch that is over.
    """

    step: int
    score: float | None = None
    progress: float = 0.0
    outputs: Tensor | None = None
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """A value for the training rows, and the same for validation rows.

    The final refit has no validation rows.
    """

    train: T
    val: T


class Images(Protocol):
    """Images, uint8 (rows, 3, height, width).

    Either a tensor, or an object that decodes the images when they are requested.
    """

    def __len__(self) -> int: ...
    def __getitem__(self, rows: Any, /) -> Tensor: ...


class Cut(Protocol):
    """A model whose frozen first layers run once, with cached outputs.

    Attributes:
        suffix: The rest of the model: activations in, outputs out. It shares the model's layers and follows
            its mode.
        views: Largest number of differently augmented views of the training images that are kept.
    """

    @property
    def suffix(self) -> nn.Module: ...
    @property
    def views(self) -> int: ...

    def activations(self, view: int = 0) -> Rows[Tensor]:
        """Return the outputs of the frozen layers in one augmented view.

        The first call for a view runs the frozen layers. Training images are seen in that view, validation
        images as in evaluation.

        Returns:
            float16 or bfloat16 (rows, …), in the order of the targets.
        """
        ...


class Learner(Protocol):
    """An object that learns step by step.

    It can be closed at any step.
    """

    def fit(self) -> Generator[Epoch, None, None]:
        """Learn, and yield each step.

        Pruning and the deadline close the generator.
        """
        ...

    def module(self) -> nn.Module:
        """Return the whole network as last scored: images in, outputs out.

        It is a stock timm model in eval mode.
        """
        ...

    @property
    def input_size(self) -> int:
        """The size in pixels of the images that the network takes."""
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


class Workbench(Protocol):
    """The data and tools of a learner.

    A workbench has one task, one backbone, one fold and one seed. A call may end the trial if the time is up.
    It then raises an exception that no ``except Exception`` catches: do not catch that exception.

    Attributes:
        task: The target task.
        target: The mathematics of the target, such as its loss.
        backbone: The backbone's facts.
        device: The device, as torch names it.
        processes: Number of processes that train a network together (1: this process only).
        seed: Seed of the random choices.
    """

    task: Task
    target: Target
    backbone: Backbone
    device: str
    processes: int
    seed: int

    def model(self, *, pretrained: bool = True) -> nn.Module:
        """Return a new stock timm model on the device.

        Args:
            pretrained: With False, the model is re-initialised from the seed, as timm does for training from
                scratch.

        Returns:
            The model, with a new zero head for the task's outputs.
        """
        ...

    def source_model(self) -> nn.Module:
        """Return the pretrained model with its source head, on the device."""
        ...

    def targets(self) -> Rows[Tensor]:
        """Return the encoded targets, on the CPU.

        Single labels are indices of classes, int64 (rows,).
        """
        ...

    def weights(self) -> Tensor | None:
        """Return the weight of each training row.

        Rows count less if they are doubtful, or unlike the images that the model is for. A strategy that
        trains multiplies each row's loss by its weight; a strategy that cannot may state this in ``applies``.

        Returns:
            float32 (rows,) of mean 1, on the CPU; None if all rows count the same.
        """
        ...

    def features(self, *, input_size: int) -> Rows[Tensor]:
        """Return pooled features of the frozen backbone.

        They are computed once and kept on disk. Images are seen as in evaluation, at ``input_size`` pixels.

        Returns:
            float32 (rows, features), in the order of :meth:`targets`.
        """
        ...

    def linear_heads(
        self, settings: Sequence[HeadSetting], *, input_size: int
    ) -> list[tuple[Tensor, Tensor]]:
        """Return a linear head on :meth:`features` for each setting.

        The first call with these settings fits all of them, on all folds of the first repeat at once. A fold
        of a later repeat is fitted on first use. Fitted classifiers are kept on disk.

        Returns:
            Weight (k, features) and bias (k,) for each setting.
        """
        ...

    def cut(
        self, model: nn.Module, through: int, *, input_size: int, augment: str = "none", views: int = 1
    ) -> Cut | None:
        """Cut a model behind its first frozen stages.

        Args:
            model: The model to cut.
            through: Number of first stages. They must be frozen, with the weights that :meth:`model` gave
                them.
            input_size: Image size in pixels.
            augment: A name of AUGMENTATIONS.
            views: Number of augmented views that are wanted.

        Returns:
            The cut model. None if no layer is frozen, if the network cannot be cut there, or if the cache has
            no room for the layers' outputs. The strategy then trains the whole model.
        """
        ...

    def inputs(self, *, input_size: int, augmented: bool = False) -> Rows[Images]:
        """Return images before normalisation, decoded once and kept on disk.

        Args:
            input_size: Image size in pixels that the network sees in evaluation.
            augmented: With True, the training rows have the margin that random crops need.

        Returns:
            uint8 (rows, 3, height, width).
        """
        ...

    def to_batch(self, inputs: Tensor) -> Tensor:
        """Convert uint8 images to the backbone's input: float32, on the device."""
        ...

    def score(self, outputs: Tensor) -> float:
        """Return the task's metric of validation outputs (rows, k).

        The score is 0 if there are no validation rows.
        """
        ...
