"""What a training is fed: images through the whole network, or kept activations through the rest of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, overload

import torch
from torch import Tensor, nn

from autotl.api import Cut, Images, Rows, Workbench
from autotl.train.augment import augment, augmentation
from autotl.train.forward import in_batches, logits_of
from autotl.train.recipe import Recipe

RESIDENT = 0.4
"""The share of an accelerator's free memory that the training data may take to live there."""


class Feed(Protocol):
    """Batches of the training rows, and the layers they go through."""

    run: Callable[[Tensor], Tensor]

    def start(self, epoch: int) -> None:
        """Make the epoch's batches ready."""
        ...

    def batch(self, chosen: Tensor, generator: torch.Generator) -> Tensor:
        """The inputs of these rows, on the device."""
        ...

    def logits(self) -> Tensor:
        """Logits (validation rows, classes) in eval mode, on the CPU."""
        ...


def feed(model: nn.Module, bench: Workbench, recipe: Recipe, *, frozen: int) -> Feed:
    """The shortest way: from the cut behind the ``frozen`` stages where there is one, else from the
    images.
    """
    views = min(recipe.views, recipe.epochs)
    cut = bench.cut(model, frozen, side=recipe.side, augment=recipe.augment, views=views)
    return FromImages(model, bench, recipe) if cut is None else FromCut(model, bench, cut)


class FromImages:
    """Augmented and normalised images through the whole model."""

    def __init__(self, model: nn.Module, bench: Workbench, recipe: Recipe) -> None:
        self.run: Callable[[Tensor], Tensor] = model
        self._model, self._bench, self._side = model, bench, recipe.side
        self._how = augmentation(recipe.augment)
        pixels = bench.pixels(side=recipe.side, augmented=self._how is not None)
        self._pixels = Rows(resident(pixels.train, bench.device), pixels.val)

    def start(self, epoch: int) -> None:
        """Every view is drawn when its batch is."""

    def batch(self, chosen: Tensor, generator: torch.Generator) -> Tensor:
        """See :class:`Feed`; each image in a view of its own."""
        pixels = take(self._pixels.train, chosen, self._bench.device)
        if self._how is not None:
            pixels = augment(pixels, self._how, side=self._side, generator=generator)
        return self._bench.normalise(pixels)

    def logits(self) -> Tensor:
        """See :class:`Feed`."""
        return logits_of(self._model, self._pixels.val, self._bench)


class FromCut:
    """Kept activations through the trained suffix: epoch e sees view e, and after the last the first again.

    A view is computed in the first epoch that sees it, so the first epochs cost what they cost without a cut
    and nothing is computed that is not used.
    """

    def __init__(self, model: nn.Module, bench: Workbench, cut: Cut) -> None:
        self.run: Callable[[Tensor], Tensor] = cut.suffix
        self._model, self._bench, self._cut = model, bench, cut
        self._rows: Rows[Tensor] | None = None

    def start(self, epoch: int) -> None:
        """See :class:`Feed`: runs the frozen layers where nobody has yet."""
        rows = self._cut.activations((epoch - 1) % self._cut.views)
        if self._rows is None or self._cut.views > 1:
            self._rows = Rows(resident(rows.train, self._bench.device), rows.val)

    def batch(self, chosen: Tensor, generator: torch.Generator) -> Tensor:
        """See :class:`Feed`."""
        assert self._rows is not None, "start an epoch first"
        return as_input(take(self._rows.train, chosen, self._bench.device), self._bench.device)

    def logits(self) -> Tensor:
        """See :class:`Feed`."""
        assert self._rows is not None, "start an epoch first"
        self._model.eval()
        if not len(self._rows.val):
            return torch.empty(0, len(self._bench.task.classes))
        device = self._bench.device
        return in_batches(
            self._cut.suffix, self._rows.val, normalise=lambda x: as_input(x, device), device=device
        )


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
