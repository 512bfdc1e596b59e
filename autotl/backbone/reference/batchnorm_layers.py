"""Compare the inputs of BatchNorm layers with their running statistics.

A BatchNorm stores the mean and variance of its input over the source images. A target can thus be compared
with the source at every depth, without source images.

Reference: Schneider et al., Improving robustness against common corruptions by covariate shift adaptation,
NeurIPS 2020.
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
from autotl.backbone.modes import temporary_mode
from autotl.backbone.reference.calibrated_similarity import INTERVAL, calibrate, random_halves, signed_root
from autotl.backbone.stages import layout
from autotl.seeds import derive

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BatchNormLayer:
    """A BatchNorm layer and its running statistics of the source.

    Attributes:
        name: The name of the module.
        depth: The share of the forward pass before it, in [0, 1).
        columns: The columns of its channels in :class:`Moments`.
        mean: The running mean of its input, (channels,).
        var: The running variance of its input, (channels,).
    """

    name: str
    depth: float
    columns: slice
    mean: Values
    var: Values


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and mean square of each channel in each image.

    Attributes:
        mean: The means, (images, channels of all layers).
        square: The mean squares, (images, channels of all layers).
    """

    mean: Values
    square: Values

    def of(self, layer: BatchNormLayer, rows: NDArray[np.int64]) -> tuple[Values, Values]:
        """Return mean and variance (channels,) of a layer's input over some images."""
        mean = self.mean[rows, layer.columns].mean(0)
        return mean, np.maximum(self.square[rows, layer.columns].mean(0) - mean**2, 0.0)

    def __len__(self) -> int:
        return len(self.mean)


def batchnorm_layers(model: nn.Module) -> list[BatchNormLayer]:
    """Return the BatchNorm layers with running statistics, in order."""
    order = layout(model).order
    found: list[BatchNormLayer] = []
    start = 0
    for position, name in enumerate(order):
        module = model.get_submodule(name)
        if (
            isinstance(module, _BatchNorm)
            and module.running_mean is not None
            and module.running_var is not None
        ):
            mean = module.running_mean.detach().cpu().double().numpy()
            var = module.running_var.detach().cpu().double().numpy()
            columns = slice(start, start := start + len(mean))
            found.append(BatchNormLayer(name, position / len(order), columns, mean, var))
    return found


def moment_extractor(
    model: nn.Module, layers: Sequence[BatchNormLayer], *, run: Callable[[Tensor], Tensor] | None = None
) -> Callable[[Tensor], Tensor]:
    """Return a function from normalised images to channel moments.

    The moments are (rows, 2 · channels).

    Args:
        model: The network.
        layers: The layers to record.
        run: A function that passes images through the network and returns other values (rows, d). They are
            appended, so that one pass is enough for both.
    """
    return partial(_moments, model, tuple(layers), run)


def split_moments(rows: Values, layers: Sequence[BatchNormLayer]) -> Moments:
    """Split extracted moments into means and mean squares.

    Appended values of :func:`moment_extractor` are dropped.
    """
    channels = sum(len(layer.mean) for layer in layers)
    return Moments(rows[:, :channels], rows[:, channels : 2 * channels])


def layer_similarity(
    target: Moments,
    layers: Sequence[BatchNormLayer],
    noise: Moments,
    measure: LayerSimilarity,
    *,
    own: Moments | None = None,
    seed: int,
    resamples: int = 50,
) -> Likeness:
    """Measure how similar a target is to the source, per layer.

    Layers in which noise is no farther away than the source's own images are left out of the overall value.

    Args:
        target: Moments of the target images.
        layers: The layers.
        noise: Moments of noise images, whose similarity is 0.
        measure: The distance.
        own: Moments of source images, whose similarity is 1; None to give a distance of 0 the similarity 1.
        seed: The seed of the samples.
        resamples: The number of random halves for the interval.
    """
    rng = np.random.default_rng(derive(seed, "layers"))
    size = min(len(target), len(noise), *([len(own)] if own is not None else []))
    root_distances = partial(_root_distances, measure, layers)
    of_noise = root_distances(noise, np.arange(size))
    of_own = root_distances(own, np.arange(size)) if own is not None else np.zeros_like(of_noise)
    rows = np.sort(rng.permutation(len(target))[:size])
    of_target = root_distances(target, rows)
    halves = np.array([root_distances(target, rows[half]) for half in random_halves(size, resamples, rng)])
    resampled = of_target + halves - halves.mean(0)
    overall = [_overall_similarity(distances, of_own, of_noise) for distances in resampled]
    low, high = (float(np.quantile(overall, q)) for q in INTERVAL)
    calibrated = _overall_similarity(of_target, of_own, of_noise)
    return Likeness(
        value=float(np.mean(of_target**2)),
        calibrated=calibrated,
        ci95=(min(low, calibrated), max(high, calibrated)),
        reference="source images" if own is not None else "batchnorm",
        layers=tuple(
            LayerLikeness(layer.name, layer.depth, calibrate(*distances))
            for layer, distances in zip(layers, zip(of_target, of_own, of_noise, strict=True), strict=True)
        ),
    )


def first_departed_layer(similarity: Likeness, *, below: float = 0.5) -> LayerLikeness | None:
    """Return the first layer from which similarity stays low.

    Args:
        similarity: The similarity of each layer.
        below: The threshold, in [0, 1].

    Returns:
        The layer, or None if even the last layers get inputs like those of the source.
    """
    found: LayerLikeness | None = None
    for layer in reversed(similarity.layers):
        if layer.calibrated >= below:
            break
        found = layer
    return found


def _root_distances(
    measure: LayerSimilarity, layers: Sequence[BatchNormLayer], moments: Moments, rows: NDArray[np.int64]
) -> Values:
    """Return the root distance of each layer over some images, (layers,)."""
    distances = (measure.layer_distance(*moments.of(layer, rows), layer.mean, layer.var) for layer in layers)
    return np.array([signed_root(distance) for distance in distances])


def _overall_similarity(distances: Values, of_own: Values, of_noise: Values) -> float:
    """Return the mean similarity of layers that distinguish noise from the source."""
    informative = of_noise > of_own
    if not informative.any():
        return float(np.mean(distances <= of_own))
    span = of_noise[informative] - of_own[informative]
    values = 1 - (distances[informative] - of_own[informative]) / span
    return float(np.clip(values, 0.0, 1.0).mean())


@torch.no_grad()
def _moments(
    model: nn.Module, layers: Sequence[BatchNormLayer], run: Callable[[Tensor], Tensor] | None, x: Tensor
) -> Tensor:
    recorded: dict[str, Tensor] = {}

    def record(name: str, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        maps = inputs[0].detach().float()
        flat = maps.flatten(2) if maps.ndim > 2 else maps.unsqueeze(2)  # (rows, channels, positions)
        recorded[name] = torch.stack([flat.mean(2), flat.square().mean(2)], 1)  # (rows, 2, channels)

    hooks = [
        model.get_submodule(layer.name).register_forward_pre_hook(partial(record, layer.name))
        for layer in layers
    ]
    try:
        with temporary_mode(model, training=False):
            appended = [] if run is None else [run(x)]
            if not appended:
                pooled(model, x)
    finally:
        for hook in hooks:
            hook.remove()
    moments = torch.cat([recorded[layer.name] for layer in layers], 2).flatten(1)
    return torch.cat([moments, *appended], 1)
