"""The learner that trains one network on target and source images.

Its last layer has both heads: an output for each output of the target, then one for each source class.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from autotl.api import Beat, Images, Score, Workbench
from autotl.modalities import modality_of
from autotl.seeds import derive
from autotl.training.augment import augment, get_augmentation
from autotl.training.batches import Forward, move_if_fits, take_rows
from autotl.training.loop import SingleProcess, train
from autotl.training.loss.distillation import HasLoss
from autotl.training.recipe import Recipe
from autotl.training.spec import TrainingSpec
from autotl.training.state import TrainingState


@dataclass(frozen=True, slots=True)
class SourceTask:
    """The source half of a training.

    Attributes:
        images: Source images, uint8 (m, 3, h, w), as large as the target's.
        targets: Their classes, int64 (m,).
        ratio: Source images in an epoch for each target image, above 0.
        weight: Weight of the source's mean loss, where the target's has 1.
    """

    images: Images
    targets: Tensor
    ratio: float
    weight: float

    def rows(self, target_rows: int) -> int:
        """Return the number of source images in an epoch."""
        return max(1, round(self.ratio * target_rows))

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return the rows of an epoch, each about equally often."""
        rounds = -(-count // len(self.targets))
        order = [torch.randperm(len(self.targets), generator=generator) for _ in range(rounds)]
        return torch.cat(order)[:count]


class JointBatches:
    """Batches of target and source images.

    Rows below the number of target images are these. The others stand for source images, which each epoch
    draws anew.
    """

    def __init__(self, model: nn.Module, workbench: Workbench, recipe: Recipe, source: SourceTask) -> None:
        self.forward: Forward = model
        self._augmentation, self._size = get_augmentation(recipe.augment), recipe.input_size
        margin = self._augmentation is not None and recipe.margin
        own = workbench.inputs(input_size=recipe.input_size, augmented=margin).train
        config, self._device = workbench.backbone.config, workbench.device
        self._own, self._source = (move_if_fits(each, workbench.device) for each in (own, source.images))
        self._task, self._seed = source, workbench.seed
        self._to_batch = modality_of(config).to_batch(config, workbench.device)
        self.own_rows, self.source_rows = len(own), source.rows(len(own))
        self.drawn = torch.zeros(self.source_rows, dtype=torch.long)

    def start_epoch(self, epoch: int) -> None:
        """Draw the source images of an epoch, by seed and epoch."""
        generator = torch.Generator().manual_seed(derive(self._seed, "source images", epoch))
        self.drawn = self._task.draw(self.source_rows, generator)

    def batch(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """See :class:`~autotl.training.batches.BatchSource`."""
        of_source = rows >= self.own_rows
        parts: list[Tensor] = []
        places: list[Tensor] = []
        if not bool(of_source.all()):
            parts.append(take_rows(self._own, rows[~of_source], self._device))
            places.append(torch.nonzero(~of_source).flatten())
        if bool(of_source.any()):
            chosen = self.drawn[rows[of_source] - self.own_rows]
            parts.append(take_rows(self._source, chosen, self._device))
            places.append(torch.nonzero(of_source).flatten())
        pixels = torch.cat(parts)[torch.cat(places).argsort().to(parts[0].device)]
        if self._augmentation is not None:
            pixels = augment(pixels, self._augmentation, input_size=self._size, generator=generator)
        return self._to_batch(pixels)


@dataclass(frozen=True, slots=True)
class JointLoss:
    """The loss of both heads; targets are rows of the batches.

    Attributes:
        batches: Knows which images the rows stand for.
        target: Has the loss of the target head.
        targets: Encoded targets of the target images.
        source_targets: Classes of all source images.
        outputs: The width of the target head, which comes first.
    """

    batches: JointBatches
    target: HasLoss
    targets: Tensor
    source_targets: Tensor
    outputs: int

    def loss(self, outputs: Tensor, targets: Tensor, *, weights: Tensor | None, smoothing: float) -> Tensor:
        """Return the mean weighted loss of all rows.

        Args:
            outputs: Outputs of both heads, float32 (rows, k + source classes).
            targets: The rows of the batches, int64 (rows,).
            weights: Weights of the rows' losses, (rows,); None if all are 1.
            smoothing: Label smoothing, in [0, 1).
        """
        rows, own_rows = targets.cpu(), self.batches.own_rows
        of_source = rows >= own_rows
        total = outputs.new_zeros(())
        if not bool(of_source.all()):
            own = (~of_source).to(outputs.device)
            wanted = self.targets[rows[~of_source]].to(outputs.device)
            given = None if weights is None else weights[own]
            mean = self.target.loss(outputs[own, : self.outputs], wanted, weights=given, smoothing=smoothing)
            total = total + mean * (int(own.sum()) / len(rows))
        if bool(of_source.any()):
            theirs = of_source.to(outputs.device)
            drawn = self.batches.drawn[rows[of_source] - own_rows]
            classes = self.source_targets[drawn].to(outputs.device)
            losses = cross_entropy(
                outputs[theirs, self.outputs :], classes, label_smoothing=smoothing, reduction="none"
            )
            total = total + (losses if weights is None else losses * weights[theirs]).sum() / len(rows)
        return total


class JointTraining:
    """A learner that trains a network with two heads, in one process.

    Each epoch passes over all target images, mixed with source images. It ends with a score of the target
    head. The training can be resumed between any two steps.
    """

    def __init__(
        self,
        model: nn.Module,
        workbench: Workbench,
        recipe: Recipe,
        source: SourceTask,
        *,
        train_mode: Callable[[nn.Module], object],
        merged: Callable[[nn.Module], Mapping[str, Tensor]],
    ) -> None:
        """Prepare a training.

        Args:
            model: The network with both heads, on the workbench's device.
            workbench: Provides images and targets.
            recipe: The settings; balance and mixup are not used.
            source: The source images and their share.
            train_mode: Puts the model into training mode, except for layers that stay frozen.
            merged: Returns the tensors of the stock model, without the source head.
        """
        self._model, self._workbench, self._recipe, self._source = model, workbench, recipe, source
        self._train_mode, self._merged = train_mode, merged
        self._state: TrainingState | None = None
        self._checkpoint: Mapping[str, Tensor] | None = None

    def checkpoint(self) -> Mapping[str, Tensor] | None:
        """See :class:`autotl.api.Resumable`. None before the first step."""
        return None if self._state is None else self._state.tensors()

    def resume(self, checkpoint: Mapping[str, Tensor]) -> None:
        """See :class:`autotl.api.Resumable`."""
        self._checkpoint = checkpoint

    def fit(self) -> Generator[Beat | Score, None, None]:
        """Train, and yield each step.

        The end of an epoch is a score.
        """
        workbench, spec = self._workbench, self._spec()
        self._state = TrainingState(spec)
        if self._checkpoint is not None:
            self._state.load_tensors(self._checkpoint)
        try:
            with closing(train(spec, SingleProcess(), self._state)) as steps:
                for step in steps:
                    if step.loss is None:
                        yield Beat(step.progress)
                        continue
                    yield workbench.score(
                        self._merged(self._model),
                        input_size=self._recipe.input_size,
                        epoch=step.epoch,
                        progress=step.progress,
                        loss=step.loss,
                    )
        finally:
            self._state = None  # frees the optimiser's memory

    def _spec(self) -> TrainingSpec:
        workbench, source = self._workbench, self._source
        batches = JointBatches(self._model, workbench, self._recipe, source)
        rows = batches.own_rows + batches.source_rows
        loss = JointLoss(
            batches,
            workbench.target,
            workbench.targets().train,
            source.targets,
            workbench.task.target.outputs,
        )
        return TrainingSpec(
            self._model,
            batches,
            loss,
            torch.arange(rows),
            torch.zeros(rows, dtype=torch.long),
            self._recipe,
            self._train_mode,
            workbench.device,
            workbench.seed,
            self._weights(batches),
        )

    def _weights(self, batches: JointBatches) -> Tensor:
        """Return the rows' weights: the mean loss of the target counts 1, that of the source its weight."""
        given, rows = self._workbench.weights(), batches.own_rows + batches.source_rows
        own = torch.ones(batches.own_rows) if given is None else given
        theirs = torch.full((batches.source_rows,), self._source.weight)
        return torch.cat([own * (rows / batches.own_rows), theirs * (rows / batches.source_rows)])
