"""Find the layers that PEFT can update and merge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.toolbox import layout

if TYPE_CHECKING:
    from torch import nn


def updatable_layers(model: nn.Module, through: int) -> list[str]:
    """Return the layers behind the first stages that an update can be merged into.

    These are linear layers and convolutions that the network calls. PEFT cannot merge an update into a
    grouped convolution, and ignores dilation. Subclasses may compute another function of the weight, such as
    its standardised form, so that the merged layer would differ from the trained one.

    Args:
        model: A stock model.
        through: Number of first stages without updates.

    Returns:
        Names of modules, in the order of the forward pass; the classifier is never among them.
    """
    found, modules = layout(model), dict(model.named_modules())
    weights = frozenset[str]().union(*found.parameters[through:])
    return [name for name in found.order if f"{name}.weight" in weights and _is_mergeable(modules[name])]


def _is_mergeable(layer: nn.Module) -> bool:
    from torch import nn

    if type(layer) is nn.Conv2d:
        return layer.groups == 1 and set(layer.dilation) == {1} and layer.padding_mode == "zeros"
    return type(layer) is nn.Linear
