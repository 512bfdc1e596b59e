"""Batches for training.

Images go through the whole network, or cached activations through its last layers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, overload

import torch
from torch import Tensor, nn

from autotl.api import Cut, Images, ToBatch, Workbench
from autotl.modalities import modality_of
from autotl.training.augment import Augmentation, augment, get_augmentation
from autotl.training.recipe import Recipe

RESIDENT_MEMORY_SHARE = 0.4
"""Largest fraction of an accelerator's free memory that training data may occupy."""

Forward = Callable[[Tensor], Tensor]
"""A forward pass: inputs (rows, …) to logits (rows, classes)."""


class BatchSource(Protocol):
    """Batches of the training rows, and the layers that process them."""

    @property
    def forward(self) -> Forward: ...

    def start_epoch(self, epoch: int) -> None:
        """Prepare the batches of an epoch, counted from 1."""
        ...

    def batch(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """Return the inputs of these rows on the device."""
        ...


class PortableBatchSource(BatchSource, Protocol):
    """A batch source that can be sent to another process."""

    def on_device(self, device: str) -> BatchSource:
        """Return the same source on another device."""
        ...


class TrainingBatchSource(BatchSource, Protocol):
    """A batch source of a workbench.

    ``cut`` yields its cached activations; None if it yields images.
    """

    @property
    def cut(self) -> Cut | None: ...

    def portable(self) -> PortableBatchSource:
        """Return the training rows alone, for other processes."""
        ...


def batch_source(
    model: nn.Module, workbench: Workbench, recipe: Recipe, *, frozen: int
) -> TrainingBatchSource:
    """Return cached activations of the frozen stages if possible, else images.

    Args:
        model: The network to train.
        workbench: Provides images and cached activations.
        recipe: Image size, augmentation and number of views.
        frozen: Number of leading stages that stay frozen.
    """
    views = min(recipe.views, recipe.epochs)
    cut = workbench.cut(model, frozen, input_size=recipe.input_size, augment=recipe.augment, views=views)
    if cut is None:
        return ImageBatchSource(model, workbench, recipe)
    return CutBatchSource(workbench, cut)


@dataclass(frozen=True)
class ImageBatches:
    """A :class:`BatchSource` of images that are augmented anew in each batch.

    Attributes:
        forward: The whole network.
        images: uint8 images (rows, 3, h, w).
        augmentation: Ranges of the random views; None for the images as they are.
        input_size: Height and width of the views in pixels.
        to_batch: Scales the views and moves them to the device.
    """

    forward: Forward
    images: Images
    augmentation: Augmentation | None
    input_size: int
    to_batch: ToBatch

    def start_epoch(self, epoch: int) -> None:
        """Do nothing: :meth:`batch` draws the views."""

    def batch(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """See :class:`BatchSource`."""
        pixels = take_rows(self.images, rows, self.to_batch.device)
        if self.augmentation is not None:
            pixels = augment(pixels, self.augmentation, input_size=self.input_size, generator=generator)
        return self.to_batch(pixels)

    def on_device(self, device: str) -> ImageBatches:
        """See :class:`PortableBatchSource`."""
        images = move_if_fits(self.images, device)
        return replace(self, images=images, to_batch=self.to_batch.on_device(device))


@dataclass
class CachedBatches:
    """A :class:`BatchSource` of cached activations (rows, …).

    Epoch e uses view e; the views repeat when there are more epochs than views.
    """

    forward: Forward
    views: Sequence[Tensor]
    device: str
    current_view: Tensor = field(default_factory=lambda: torch.empty(0))

    def start_epoch(self, epoch: int) -> None:
        """See :class:`BatchSource`."""
        self.current_view = move_if_fits(self.views[(epoch - 1) % len(self.views)], self.device)

    def batch(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """See :class:`BatchSource`."""
        return to_float32(take_rows(self.current_view, rows, self.device), self.device)

    def on_device(self, device: str) -> CachedBatches:
        """See :class:`PortableBatchSource`."""
        return replace(self, device=device)


class ImageBatchSource:
    """A :class:`TrainingBatchSource` that trains the whole model on images."""

    cut = None

    def __init__(self, model: nn.Module, workbench: Workbench, recipe: Recipe) -> None:
        self.forward: Forward = model
        augmentation = get_augmentation(recipe.augment)
        pixels = workbench.inputs(
            input_size=recipe.input_size, augmented=augmentation is not None and recipe.margin
        )
        config = workbench.backbone.config
        to_batch = modality_of(config).to_batch(config, workbench.device)
        batches = ImageBatches(model, pixels.train, augmentation, recipe.input_size, to_batch)
        self._train = batches.on_device(workbench.device)

    def start_epoch(self, epoch: int) -> None:
        """See :class:`BatchSource`."""
        self._train.start_epoch(epoch)

    def batch(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """See :class:`BatchSource`."""
        return self._train.batch(rows, generator)

    def portable(self) -> PortableBatchSource:
        """See :class:`TrainingBatchSource`."""
        return self._train.on_device("cpu")


class CutBatchSource:
    """A :class:`TrainingBatchSource` that trains the last layers on cached activations.

    A view is computed in the first epoch that uses it, so the first epochs cost as much as without a cut.
    """

    def __init__(self, workbench: Workbench, cut: Cut) -> None:
        self.forward: Forward = cut.suffix
        self.cut = cut
        self._train = CachedBatches(cut.suffix, [torch.empty(0)], workbench.device)
        self._started = False

    def start_epoch(self, epoch: int) -> None:
        """See :class:`BatchSource`.

        Runs the frozen layers if the view is not cached yet.
        """
        if not self._started or self.cut.views > 1:
            self._train.views = [self.cut.activations((epoch - 1) % self.cut.views).train]
            self._train.start_epoch(1)
            self._started = True

    def batch(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """See :class:`BatchSource`."""
        return self._train.batch(rows, generator)

    def portable(self) -> PortableBatchSource:
        """See :class:`TrainingBatchSource`. Includes all views."""
        views = [self.cut.activations(view).train for view in range(self.cut.views)]
        return CachedBatches(self.cut.suffix, views, "cpu")


def to_float32(activations: Tensor, device: str) -> Tensor:
    """Return cached activations as float32 on the device."""
    return activations.to(device=device, dtype=torch.float32, non_blocking=True)


def take_rows(values: Images | Tensor, rows: Tensor, device: str) -> Tensor:
    """Return the chosen rows on the device; feature maps stay channels last.

    Args:
        values: Images or activations (n, …).
        rows: Indices of the rows, int64 (rows,).
        device: Receives the rows.
    """
    if not isinstance(values, Tensor):
        return values[rows].to(device, non_blocking=True)
    if values.device.type != "cpu":
        return values[rows.to(values.device, non_blocking=True)]
    chosen = values[rows]
    if device.startswith("cuda"):  # pinned memory is copied while the device computes
        chosen = chosen.pin_memory()
    return chosen.to(device, non_blocking=True)


@overload
def move_if_fits(values: Tensor, device: str) -> Tensor: ...
@overload
def move_if_fits(values: Images, device: str) -> Images: ...
def move_if_fits(values: Images | Tensor, device: str) -> Images | Tensor:
    """Move the values to the accelerator if its memory suffices."""
    if not isinstance(values, Tensor) or not device.startswith("cuda"):
        return values
    free, _ = torch.cuda.mem_get_info(device)
    return values.to(device) if values.nbytes <= RESIDENT_MEMORY_SHARE * free else values
