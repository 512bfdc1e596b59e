"""Measure the statistics of BatchNorm layers on the images of one domain."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm

from autotl.toolbox import pooled

if TYPE_CHECKING:
    from autotl.api import Weights

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


@cache
def has_norms(weights: Weights) -> bool:
    """Return whether a network has BatchNorm layers with statistics."""
    import timm

    with torch.random.fork_rng(devices=[]):
        model = timm.create_model(weights.timm_name, pretrained=False, **weights.args)
    return bool(norm_layers(model))


def norm_layers(model: nn.Module) -> list[nn.BatchNorm1d | nn.BatchNorm2d]:
    """Return the BatchNorm layers that keep statistics."""
    return [each for each in model.modules() if isinstance(each, NORMS) and each.running_mean is not None]


class NormStatistics:
    """The statistics of a network's BatchNorm layers on the images of one domain.

    Each layer sees the inputs that the layers before it give with the statistics of the same batch. So one
    pass over the images is enough. Call :meth:`see` for each batch, then :meth:`keep`.
    """

    def __init__(self, model: nn.Module, alpha: float) -> None:
        """Prepare the layers.

        Args:
            model: The network, in evaluation mode; its statistics change.
            alpha: Share of the images' statistics, in [0, 1]; the rest are those of the pretrained network.
        """
        self._model, self._layers = model, norm_layers(model)
        self._sums = {layer: _Sums(layer, alpha) for layer in self._layers}

    @torch.no_grad()
    def see(self, images: Tensor) -> None:
        """Add a batch of normalised images, (rows, 3, h, w)."""
        hooks = [layer.register_forward_pre_hook(self._sums[layer].add) for layer in self._layers]
        try:
            pooled(self._model, images)
        finally:
            for hook in hooks:
                hook.remove()

    def keep(self) -> None:
        """Put the statistics of all batches into the network."""
        for each in self._sums.values():
            each.keep()


class _Sums:
    """The sums of one layer's inputs."""

    def __init__(self, layer: nn.BatchNorm1d | nn.BatchNorm2d, alpha: float) -> None:
        self._layer, self._alpha = layer, alpha
        assert layer.running_mean is not None  # see norm_layers
        assert layer.running_var is not None
        self._mean, self._var = layer.running_mean.clone(), layer.running_var.clone()
        self._total = torch.zeros_like(self._mean, dtype=torch.float64)
        self._squares, self._count = torch.zeros_like(self._total), 0

    def add(self, layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        """Add a batch, and let the layer normalise by it."""
        x = inputs[0]  # (rows, channels, …)
        count = x.numel() // x.shape[1]
        if count == 1:  # a variance of one number does not exist: batch_norm refuses it
            self._add(x.flatten().double(), torch.zeros_like(self._total), 1)
            return
        found, spread = torch.zeros_like(self._mean), torch.ones_like(self._var)
        batch_norm(x, found, spread, training=True, momentum=1.0)  # several times as fast as torch.var_mean
        self._add(found.double(), spread.double() * (count - 1) / count, count)  # it divides by count - 1

    def _add(self, mean: Tensor, var: Tensor, count: int) -> None:
        self._total += count * mean
        self._squares += count * (var + mean.square())
        self._count += count
        self._mix(mean, var)

    def keep(self) -> None:
        """Let the layer normalise by all batches."""
        if self._count:
            mean = self._total / self._count
            self._mix(mean, (self._squares / self._count - mean.square()).clamp(min=0))

    @torch.no_grad()
    def _mix(self, mean: Tensor, var: Tensor) -> None:
        kept, given = self._layer.running_mean, self._layer.running_var
        assert kept is not None  # see norm_layers
        assert given is not None
        kept.copy_(self._mean.lerp(mean.to(self._mean), self._alpha))
        given.copy_(self._var.lerp(var.to(self._var), self._alpha))
