"""The workbench of a learner: its data, its training and its score."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Literal, Protocol

from autotl.api.additional.workbench import AdditionalWorkbench
from autotl.api.backbone import Backbone
from autotl.api.cut import Cut, Images
from autotl.api.heads.linear import HeadSetting
from autotl.api.heads.workbench import HeadWorkbench
from autotl.api.learner import Batch, Beat, Rows, Score
from autotl.api.target import Target
from autotl.api.task import Task

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class Workbench(HeadWorkbench, AdditionalWorkbench, Protocol):
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
        seconds_left: Seconds of this fold's share of the trial's time; None without a deadline.
    """

    task: Task
    target: Target
    backbone: Backbone
    device: str
    processes: int
    seed: int

    @property
    def seconds_left(self) -> float | None: ...

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
        """Return a new pretrained model with its source head.

        The model is on the device, in evaluation mode.
        """
        ...

    def targets(self) -> Rows[Tensor]:
        """Return the encoded targets, on the CPU; see :class:`~autotl.api.Target`."""
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

        The first call fits them on all folds of the first repeat. Fitted classifiers are cached on disk.

        Returns:
            Weight (k, features) and bias (k,) for each setting.
        """
        ...

    def teacher_outputs(self, backbone: str) -> Tensor:
        """Return the outputs of another backbone's linear probe for the training rows.

        They are float32 (rows, k), on the CPU. The probe is fitted to the same rows.
        """
        ...

    def cut(
        self, model: nn.Module, through: int, *, input_size: int, augment: str = "none", views: int = 1
    ) -> Cut | None:
        """Cut a model behind its first frozen stages.

        Args:
            model: The model to cut.
            through: Number of first stages, frozen with the weights that :meth:`model` gave them.
            input_size: Image size in pixels.
            augment: A name of AUGMENTATIONS.
            views: Number of augmented views that are wanted.

        Returns:
            The cut model. None if no layer is frozen, the network cannot be cut there, or the cache has no
            room. The strategy then trains the whole model.
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

    def batches(
        self,
        *,
        input_size: int,
        epoch: int = 1,
        batch_size: int = 32,
        augment: str = "none",
        balance: str = "none",
        cut: Cut | None = None,
    ) -> Iterator[Batch]:
        """Yield the training rows of an epoch in batches.

        The order is drawn from the trial's seed.

        Args:
            input_size: Image size in pixels.
            epoch: Number of the epoch, from 1, which draws the order and the views.
            batch_size: Images per batch, 2 or more.
            augment: A name of AUGMENTATIONS.
            balance: A name of BALANCES: how small classes or labels count more.
            cut: Yields cached activations in place of images.
        """
        ...

    def freeze(
        self, model: nn.Module, through: int, *, norm: Literal["frozen", "batch"] = "frozen"
    ) -> Callable[[nn.Module], None]:
        """Freeze the first stages of a model.

        Their BatchNorm statistics are kept, and their dropout is off.

        Args:
            model: The model.
            through: Number of stages, from 0 to all.
            norm: ``"frozen"`` keeps the statistics of every BatchNorm; ``"batch"`` updates those of trained
                stages.

        Returns:
            A function that puts the other layers into training mode. Call it at the start of each epoch.
        """
        ...

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context of mixed precision that this device trains with."""
        ...

    def generator(self, purpose: str) -> torch.Generator:
        """Return a seeded random generator on the CPU.

        The seed depends on the trial and the purpose.
        """
        ...

    def keep(self, key: str, compute: Callable[[], Tensor]) -> Tensor:
        """Return a tensor that the strategy's trials share.

        It is computed once a run, and kept on disk. Other strategies do not see it.

        Args:
            key: Names the tensor, and all that the tensor depends on, except for the images, their weights,
                the backbone and the fold.
            compute: Returns the tensor, if it is not kept yet.

        Returns:
            The tensor, on the CPU.
        """
        ...

    def note(self, sentence: str) -> None:
        """Add a sentence to the report on how the network was trained."""
        ...

    def beat(self, progress: float | None = None) -> Beat:
        """Return a beat for :meth:`Learner.fit` to yield.

        Args:
            progress: Share of the planned work that is done, in [0, 1]; None counts epochs and batches.
        """
        ...

    def epochs(self, count: int, **state: nn.Module | torch.optim.Optimizer) -> Iterator[int]:
        """Yield the numbers of the epochs.

        They start at 1, or after the epoch of a checkpoint. A pruned trial can resume if its learner loops
        over this, because the workbench then writes and reads its checkpoints.

        Args:
            count: Number of epochs.
            state: Networks and optimisers, by names of your choice, whose state belongs to a checkpoint.
        """
        ...

    def track(self, model: nn.Module, *, input_size: int) -> None:
        """Name the network that is in training, before its first score.

        If the time ends before the first score of a baseline, this network is scored.

        Args:
            model: The network.
            input_size: Image size in pixels.
        """
        ...

    def score(
        self,
        model: nn.Module | Mapping[str, Tensor],
        *,
        input_size: int,
        epoch: int | None = None,
        progress: float | None = None,
        loss: float | None = None,
        cut: Cut | None = None,
    ) -> Score:
        """Evaluate a network, and keep it as the learner's result.

        The weights are copied into a stock timm model, which is evaluated. The model is not changed.

        Args:
            model: The network, or its state: all tensors of the stock model by name. Merge other layers into
                them first. For a head that is not linear, use :meth:`score_custom_head`.
            input_size: Image size in pixels that the network takes.
            epoch: Number of the epoch; None counts :meth:`epochs`.
            progress: Share of the planned work that is done; None counts :meth:`epochs`.
            loss: Mean training loss of the epoch.
            cut: Evaluates the layers behind this cut on cached activations.

        Raises:
            TrainingError: :class:`autotl.errors.TrainingError`, if the stock model has other tensors, or if
                the weights or outputs are not finite.
        """
        ...

    def score_head(
        self,
        weight: Tensor,
        bias: Tensor,
        *,
        input_size: int,
        epoch: int | None = None,
        progress: float | None = None,
    ) -> Score:
        """Evaluate a linear head, and keep its network as the result.

        The head takes :meth:`features`.

        Args:
            weight: Weights, (k, features).
            bias: Biases, (k,).
            input_size: Image size in pixels of the features.
            epoch: Number of the epoch; None counts :meth:`epochs`.
            progress: Share of the planned work that is done; None counts :meth:`epochs`.
        """
        ...
