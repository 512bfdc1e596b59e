"""What the inputs of a network's BatchNorm layers are like: on some images, and on the source as they recall.

A BatchNorm keeps the mean and variance of its layer's input over the source images, so that a target can be
compared with the source at every depth with no source image at hand (Schneider et al., Improving robustness
against common corruptions by covariate shift adaptation, NeurIPS 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from autotl.api import LayerLikeness, LayerSimilarity, Likeness
from autotl.backbone.head import pooled
from autotl.backbone.modes import mode
from autotl.backbone.reference.calibrated_similarity import between, halves_of, root
from autotl.backbone.stages import layout
from autotl.seeds import derive

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layer:
    """A BatchNorm's place and what it remembers: ``mean`` and ``var`` (channels,) of its input."""

    name: str
    depth: float
    columns: slice
    mean: Values
    var: Values


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and mean square of each channel's input over the positions of one image, (images, channels) with
    the channels of all layers side by side.
    """

    mean: Values
    square: Values

    def of(self, layer: Layer, rows: NDArray[np.int64]) -> tuple[Values, Values]:
        """Mean and variance (channels,) of the layer's input over these images."""
        mean = self.mean[rows, layer.columns].mean(0)
        return mean, np.maximum(self.square[rows, layer.columns].mean(0) - mean**2, 0.0)

    def __len__(self) -> int:
        return len(self.mean)


def normalised_layers(model: nn.Module) -> list[Layer]:
    """The BatchNorm layers with running statistics, in the order of the forward pass; often none."""
    order = layout(model).order
    found: list[Layer] = []
    start = 0
    for place, name in enumerate(order):
        module = model.get_submodule(name)
        if (
            isinstance(module, _BatchNorm)
            and module.running_mean is not None
            and module.running_var is not None
        ):
            mean = module.running_mean.detach().cpu().double().numpy()
            var = module.running_var.detach().cpu().double().numpy()
            columns = slice(start, start := start + len(mean))
            found.append(Layer(name, place / len(order), columns, mean, var))
    return found


def moments_of(
    model: nn.Module, layers: Sequence[Layer], *, run: Callable[[Tensor], Tensor] | None = None
) -> Callable[[Tensor], Tensor]:
    """What gives, for normalised images, the moments of all layers' channels (rows, 2 · channels).

    With ``run``, which passes images through the model for numbers of its own (rows, d), these come behind:
    one pass is enough for both.
    """
    return partial(_moments, model, tuple(layers), run)


def as_moments(rows: Values, layers: Sequence[Layer]) -> Moments:
    """The rows that :func:`moments_of` gives, by kind; whatever comes behind is left out."""
    channels = sum(len(layer.mean) for layer in layers)
    return Moments(rows[:, :channels], rows[:, channels : 2 * channels])


@torch.no_grad()
def _moments(
    model: nn.Module, layers: Sequence[Layer], run: Callable[[Tensor], Tensor] | None, x: Tensor
) -> Tensor:
    seen: dict[str, Tensor] = {}

    def look(name: str, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        maps = inputs[0].detach().float()
        flat = maps.flatten(2) if maps.ndim > 2 else maps.unsqueeze(2)  # (rows, channels, positions)
        seen[name] = torch.stack([flat.mean(2), flat.square().mean(2)], 1)  # (rows, 2, channels)

    hooks = [
        model.get_submodule(layer.name).register_forward_pre_hook(partial(look, layer.name))
        for layer in layers
    ]
    try:
        with mode(model, training=False):
            besides = [] if run is None else [run(x)]
            if not besides:
                pooled(model, x)
    finally:
        for hook in hooks:
            hook.remove()
    moments = torch.cat([seen[layer.name] for layer in layers], 2).flatten(1)
    return torch.cat([moments, *besides], 1)


def layer_likeness(
    target: Moments,
    layers: Sequence[Layer],
    noise: Moments,
    measure: LayerSimilarity,
    *,
    own: Moments | None = None,
    seed: int,
    resamples: int = 50,
) -> Likeness:
    """How like the source the target is to every layer, and over all layers.

    ``own`` are the source's own images, if there are any: what they measure is the likeness 1; without them
    that is a distance of 0. ``noise`` images have the likeness 0. A layer that noise moves no farther than
    the source's own images says nothing and is left out of the whole.
    """
    rng = np.random.default_rng(derive(seed, "layers"))
    size = min(len(target), len(noise), *([len(own)] if own is not None else []))

    def roots(moments: Moments, rows: NDArray[np.int64]) -> Values:
        distances = (
            measure.layer_distance(*moments.of(layer, rows), layer.mean, layer.var) for layer in layers
        )
        return np.array([root(each) for each in distances])

    far = roots(noise, np.arange(size))
    near = roots(own, np.arange(size)) if own is not None else np.zeros_like(far)
    telling = far > near
    whole = np.sort(rng.permutation(len(target))[:size])
    at = roots(target, whole)
    halves = np.array([roots(target, whole[half]) for half in halves_of(size, resamples, rng)])

    def place(values: Values) -> float:
        if not telling.any():
            return float(np.mean(values <= near))
        shares = 1 - (values[telling] - near[telling]) / (far[telling] - near[telling])
        return float(np.clip(shares, 0.0, 1.0).mean())

    moved = at + halves - halves.mean(0)
    low, high = (float(np.quantile([place(each) for each in moved], q)) for q in (0.025, 0.975))
    value = float(np.mean(at**2))
    return Likeness(
        value=value,
        calibrated=(middle := place(at)),
        ci95=(min(low, middle), max(high, middle)),
        reference="source images" if own is not None else "batchnorm",
        layers=tuple(
            LayerLikeness(layer.name, layer.depth, between(*each))
            for layer, each in zip(layers, zip(at, near, far, strict=True), strict=True)
        ),
    )


def departure(likeness: Likeness, *, below: float = 0.5) -> LayerLikeness | None:
    """The first layer from which on the target stays less than half as like the source as it might be.

    None where it never does: then even the last layers see what they were trained to see.
    """
    found: LayerLikeness | None = None
    for layer in reversed(likeness.layers):
        if layer.calibrated >= below:
            break
        found = layer
    return found
