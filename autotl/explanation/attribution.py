"""Measure how much each position of an image raises an output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from captum.attr import LayerGradCam, LayerGradientXActivation
from numpy.typing import NDArray
from torch import Tensor, nn

from autotl.errors import ExplanationError
from autotl.explanation.layers import PositionedLayer, positioned_layers

GRAD_CAM = "Grad-CAM"
GRADIENT_X_ACTIVATION = "gradient × activation"

Heat = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Attribution:
    """The layer of a network that explains its predictions, with the method."""

    layer: PositionedLayer
    method: str

    def heat(self, model: nn.Module, inputs: Tensor, output: int) -> Heat:
        """Return the heat of an image, (h, w) of the layer.

        It is in [0, 1]; all 0 if no position raises the output.

        Args:
            model: The network, in evaluation mode.
            inputs: The normalised image, (1, 3, s, s).
            output: The class, label or number that is explained.
        """
        found = _raised(model, self.layer, inputs, output)
        top = float(found.max())
        return found / np.float32(top) if top > 0 else found


def attribution_of(model: nn.Module, inputs: Tensor, output: int) -> Attribution:
    """Choose the last layer whose positions change an output.

    Convolutional maps are explained by Grad-CAM (Selvaraju et al., ICCV 2017), tokens and maps with their
    channels last by the gradient times the activation.

    Args:
        model: The network, in evaluation mode.
        inputs: A normalised image, (1, 3, s, s).
        output: The output that is explained.

    Raises:
        ExplanationError: The network has no such layer.
    """
    layers = positioned_layers(model, inputs)
    for layer in layers:
        if _changes(model, layer, inputs, output):
            return Attribution(layer, GRAD_CAM if layer.form == "maps" else GRADIENT_X_ACTIVATION)
    raise ExplanationError(_why_none(model, layers))


def _why_none(model: nn.Module, layers: Sequence[PositionedLayer]) -> str:
    kind = type(model).__name__
    if not layers:
        return f"The network must have a layer with positions to be explained (got {kind}, which has none)."
    names = ", ".join(each.name for each in layers)
    return f"A layer's positions must change the output to be explained (got {kind} with {names})."


def _changes(model: nn.Module, layer: PositionedLayer, inputs: Tensor, output: int) -> bool:
    """Return whether the gradient reaches the layer's positions."""
    found = LayerGradientXActivation(model, layer.module).attribute(inputs, target=output)
    return bool((_by_position(found, layer) != 0).any())


def _raised(model: nn.Module, layer: PositionedLayer, inputs: Tensor, output: int) -> Heat:
    """Return how much each position raises an output, 0 or more."""
    if layer.form == "maps":
        maps = LayerGradCam(model, layer.module).attribute(inputs, target=output, relu_attributions=True)
        heat: Heat = maps[0, 0].detach().cpu().numpy().astype(np.float32)
        return heat
    found = LayerGradientXActivation(model, layer.module).attribute(inputs, target=output)
    raised: Heat = _by_position(found, layer).clip(min=0)
    return raised


def _by_position(found: Tensor, layer: PositionedLayer) -> Heat:
    """Sum the channels of an attribution, (1, …), at each position: (h, w)."""
    values = found.detach().cpu().numpy().astype(np.float32)[0]
    if layer.form == "maps":
        summed = values.sum(0)
    elif layer.form == "channels_last":
        summed = values.sum(-1)
    else:
        summed = values[layer.prefix :].sum(-1).reshape(layer.height, layer.width)
    heat: Heat = summed
    return heat
