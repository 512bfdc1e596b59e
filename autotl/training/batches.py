"""What a training is fed: images through the whole network, or kept activations through the rest of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, overload

import torch
from torch import Tensor, nn

from autotl.api import Cut, Images, Workbench
from autotl.training.augment import Augmentation, augment, augmentation
from autotl.training.inference import in_batches, logits_of
from autotl.training.normalise import Normalise
from autotl.training.recipe import Recipe

RESIDENT = 0.4
"""The share of an accelerator's free memory that the training data may take to live there."""

Run = Callable[[Tensor], Tensor]


class BatchSource(Protocol):
    """Batches of the training rows, and the layers they go through."""

    @property
    def run(self) -> Run: ...

    def start(self, epoch: int) -> None:
        """Make the batches of an epoch (from 1) ready."""
        ...

    def batch(self, chosen: Tensor, generator: torch.Generator) -> Tensor:
        """The inputs of these rows, on the device."""
        ...


class Portable(BatchSource, Protocol):
    """A feed that crosses to another process."""

    def moved(self, device: str) -> BatchSource:
        """The same on another device."""
        ...


class Scored(BatchSource, Protocol):
    """A feed that knows the validation rows."""

    def portable(self) -> Portable:
        """The training rows alone, for other processes."""
        ...

    def logits(self) -> Tensor:
        """Logits (validation rows, classes) in eval mode, on the CPU."""
        ...


def feed(model: nn.Module, bench: Workbench, recipe: Recipe, *, frozen: int) -> Scored:
    """The shortest way: from the cut behind the ``frozen`` stages where there is one, else from the
    images.
    """
    views = min(recipe.views, recipe.epochs)
    cut = bench.cut(model, frozen, side=recipe.side, augment=recipe.augment, views=views)
    return FromImages(model, bench, recipe) if cut is None else FromCut(model, bench, cut)


@dataclass(frozen=True)
class ImageBatches:
    """A :class:`Feed` of uint8 images (rows, 3, h, w), each batch in views of its own."""

    run: Run
    images: Images
    how: Augmentation | None
    side: int
    normalise: Normalise

    def start(self, epoch: int) -> None:
        """Every view is drawn when its batch is."""

    def batch(self, chosen: Tensor, generator: torch.Generator) -> Tensor:
        """See :class:`Feed`."""
        pixels = take(self.images, chosen, self.normalise.device)
        if self.how is not None:
            pixels = augment(pixels, self.how, side=self.side, generator=generator)
        return self.normalise(pixels)

    def moved(self, device: str) -> ImageBatches:
        """See :class:`Portable`."""
        here = resident(self.images, device)
        return replace(self, images=here, normalise=replace(self.normalise, device=device))


@dataclass
class CachedBatches:
    """A :class:`Feed` of kept activations (rows, …): epoch e sees view e, and after the last the first
    again.
    """

    run: Run
    views: Sequence[Tensor]
    device: str
    now: Tensor = field(default_factory=lambda: torch.empty(0))

    def start(self, epoch: int) -> None:
        """See :class:`Feed`."""
        self.now = resident(self.views[(epoch - 1) % len(self.views)], self.device)

    def batch(self, chosen: Tensor, generator: torch.Generator) -> Tensor:
        """See :class:`Feed`."""
        return as_input(take(self.now, chosen, self.device), self.device)

    def moved(self, device: str) -> CachedBatches:
        """See :class:`Portable`."""
        return replace(self, device=device)


class FromImages:
    """Augmented and normalised images through the whole model."""

    def __init__(self, model: nn.Module, bench: Workbench, recipe: Recipe) -> None:
        self.run: Run = model
        self._model, self._bench = model, bench
        how = augmentation(recipe.augment)
        pixels = bench.pixels(side=recipe.side, augmented=how is not None and recipe.margin)
        config = bench.backbone.config
        normalise = Normalise(config.mean, config.std, bench.device)
        self._val = pixels.val
        self._train = ImageBatches(model, pixels.train, how, recipe.side, normalise).moved(bench.device)

    def start(self, epoch: int) -> None:
        """See :class:`Feed`."""
        self._train.start(epoch)

    def batch(self, chosen: Tensor, generator: torch.Generator) -> Tensor:
        """See :class:`Feed`."""
        return self._train.batch(chosen, generator)

    def portable(self) -> Portable:
        """See :class:`Scored`."""
        return self._train.moved("cpu")

    def logits(self) -> Tensor:
        """See :class:`Scored`."""
        return logits_of(self._model, self._val, self._bench)


class FromCut:
    """Kept activations through the trained suffix.

    A view is computed in the first epoch that sees it, so the first epochs cost what they cost without a cut
    and nothing is computed that is not used.
    """

    def __init__(self, model: nn.Module, bench: Workbench, cut: Cut) -> None:
        self.run: Run = cut.suffix
        self._model, self._bench, self._cut = model, bench, cut
        self._train = CachedBatches(cut.suffix, [torch.empty(0)], bench.device)
        self._val: Tensor | None = None

    def start(self, epoch: int) -> None:
        """See :class:`Feed`: runs the frozen layers where nobody has yet."""
        if self._val is None or self._cut.views > 1:
            rows = self._cut.activations((epoch - 1) % self._cut.views)
            self._train.views, self._val = [rows.train], rows.val
            self._train.start(1)

    def batch(self, chosen: Tensor, generator: torch.Generator) -> Tensor:
        """See :class:`Feed`."""
        return self._train.batch(chosen, generator)

    def portable(self) -> Portable:
        """See :class:`Scored`: all the views."""
        rows = [self._cut.activations(view) for view in range(self._cut.views)]
        self._val = rows[0].val
        return CachedBatches(self._cut.suffix, [each.train for each in rows], "cpu")

    def logits(self) -> Tensor:
        """See :class:`Scored`."""
        assert self._val is not None, "start an epoch first"
        self._model.eval()
        device = self._bench.device
        if not len(self._val):
            return torch.empty(0, len(self._bench.task.classes))
        return in_batches(self._cut.suffix, self._val, normalise=lambda x: as_input(x, device), device=device)


def as_input(activations: Tensor, device: str) -> Tensor:
    """Kept activations as a suffix takes them: float32 on the device."""
    return activations.to(device=device, dtype=torch.float32, non_blocking=True)


def take(values: Images | Tensor, chosen: Tensor, device: str) -> Tensor:
    """The chosen rows on the device; maps stay channels last."""
    if not isinstance(values, Tensor):
        return values[chosen].to(device, non_blocking=True)
    if values.device.type != "cpu":
        return values[chosen.to(values.device, non_blocking=True)]
    found = values[chosen]
    if device.startswith("cuda"):  # pinned memory is copied while the device computes
        found = found.pin_memory()
    return found.to(device, non_blocking=True)


@overload
def resident(values: Tensor, device: str) -> Tensor: ...
@overload
def resident(values: Images, device: str) -> Images: ...
def resident(values: Images | Tensor, device: str) -> Images | Tensor:
    """The values on the accelerator where they fit into its free memory, else as they are."""
    if not isinstance(values, Tensor) or not device.startswith("cuda"):
        return values
    free, _ = torch.cuda.mem_get_info(device)
    return values.to(device) if values.nbytes <= RESIDENT * free else values
