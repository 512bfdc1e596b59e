"""Scales and shifts of layers, as parametrisations of their weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from autotl.backbone import heads

_PARAMETRISED = "parametrizations"
"""The submodule in which torch keeps the original tensors of a parametrised module."""


class _Scaled(nn.Module):
    """Multiplies the channels of a weight, its first dimension, by ``scale`` (channels,)."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.scale = nn.Parameter(weight.new_ones(len(weight)))

    def forward(self, weight: Tensor) -> Tensor:
        return weight * self.scale.view(-1, *[1] * (weight.ndim - 1))


class _Shifted(nn.Module):
    """Scales a bias (channels,) by the scale of its weight, and adds ``shift``."""

    def __init__(self, bias: Tensor, scale: nn.Parameter) -> None:
        super().__init__()
        self.scale, self.shift = scale, nn.Parameter(bias.new_zeros(len(bias)))

    def forward(self, bias: Tensor) -> Tensor:
        return bias * self.scale + self.shift


def add_scale_and_shift(model: nn.Module) -> int:
    """Add scales and shifts to a model, and freeze its other weights.

    The head is trained too. Convolutions, linear layers and the affine part of normalisations get a scale
    for each channel. Layers with a bias also get a shift. The outputs do not change at first.

    Args:
        model: A stock timm model, which is changed.

    Returns:
        The number of scales and shifts.
    """
    head = {id(module) for each in heads(model) for module in each.modules()}
    model.requires_grad_(False)
    for each in heads(model):
        each.requires_grad_(True)
    trained = 0
    for module in [each for each in model.modules() if id(each) not in head and _has_channels(each)]:
        weight, bias = module._parameters["weight"], module._parameters.get("bias")
        assert weight is not None
        scaled = _Scaled(weight)
        parametrize.register_parametrization(module, "weight", scaled)
        trained += scaled.scale.numel()
        if bias is not None:
            parametrize.register_parametrization(module, "bias", _Shifted(bias, scaled.scale))
            trained += bias.numel()
    return trained


def folded_state(model: nn.Module) -> dict[str, Tensor]:
    """Return the stock model's tensors, with scales and shifts folded in."""
    state = {
        name: value for name, value in model.state_dict().items() if _PARAMETRISED not in name.split(".")
    }
    with torch.no_grad():
        for name, module in model.named_modules(remove_duplicate=False):
            if parametrize.is_parametrized(module):
                state |= {f"{name}.{key}": getattr(module, key) for key in module.parametrizations}
    return state


def _has_channels(module: nn.Module) -> bool:
    """Return whether the weight's first dimension is that of the output's channels."""
    weight = module._parameters.get("weight")
    if weight is None:
        return False
    return isinstance(module, nn.Conv2d | nn.Linear) or (
        weight.ndim == 1 and not isinstance(module, nn.PReLU)
    )
