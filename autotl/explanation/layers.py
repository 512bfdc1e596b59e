"""Find the layers of a network whose outputs have positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from autotl.backbone import layout
from autotl.heads import channel_axis

Form = Literal["maps", "channels_last", "tokens"]
"""The outputs of a layer: (n, c, h, w), (n, h, w, c) or (n, tokens, c)."""


@dataclass(frozen=True, slots=True)
class PositionedLayer:
    """A layer whose outputs belong to positions of the image.

    Attributes:
        name: The name of the module.
        module: The module.
        form: The form of its outputs.
        height: Positions from top to bottom.
        width: Positions from left to right.
        prefix: Tokens before the tokens of positions, such as the class token.
    """

    name: str
    module: nn.Module
    form: Form
    height: int
    width: int
    prefix: int = 0


def positioned_layers(model: nn.Module, inputs: Tensor) -> list[PositionedLayer]:
    """Return the ends of stages whose outputs have positions, the last first.

    A transformer whose class token alone is classified ignores the other tokens of its last block. The
    block before is therefore among the layers.

    Args:
        model: The network, in evaluation mode.
        inputs: A normalised image, (1, 3, s, s).
    """
    shapes: dict[str, tuple[int, ...]] = {}
    axes: dict[str, int] = {}

    def record(name: str, outputs: object) -> None:
        if isinstance(outputs, Tensor):
            shapes[name], axes[name] = tuple(outputs.shape), channel_axis(model, outputs)

    names = _candidates(model)
    handles = [
        model.get_submodule(name).register_forward_hook(
            lambda module, given, outputs, name=name: record(name, outputs)
        )
        for name in names
    ]
    try:
        with torch.no_grad():
            model(inputs)
    finally:
        for handle in handles:
            handle.remove()
    found = [_positioned(model, name, shapes[name], axes[name]) for name in names if name in shapes]
    return [each for each in found if each is not None]


def _candidates(model: nn.Module) -> list[str]:
    """Return the ends of stages, the last first, each with the block before it."""
    modules = dict(model.named_modules())
    names: list[str] = []
    for stage in reversed(layout(model).stages):
        parent, _, number = stage.name.rpartition(".")
        before = f"{parent}.{int(number) - 1}" if number.isdecimal() else ""
        names += [name for name in (stage.name, before) if name in modules and name not in names]
    return names


def _positioned(model: nn.Module, name: str, shape: tuple[int, ...], axis: int) -> PositionedLayer | None:
    module = model.get_submodule(name)
    if len(shape) == 4 and axis in (1, 3):
        height, width = shape[2:] if axis == 1 else shape[1:3]
        form: Form = "maps" if axis == 1 else "channels_last"
        return PositionedLayer(name, module, form, height, width) if height * width > 1 else None
    if len(shape) == 3:
        stock: Any = model
        prefix = int(getattr(stock, "num_prefix_tokens", 0))
        side = round((shape[1] - prefix) ** 0.5)
        if side > 1 and side * side == shape[1] - prefix:
            return PositionedLayer(name, module, "tokens", side, side, prefix)
    return None
