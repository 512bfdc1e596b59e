"""Divide the parameters by layer, with lower learning rates near the input.

Introduced as discriminative fine-tuning by Howard & Ruder (2018); the geometric decay is that of BEiT (Bao
et al., 2022). The groups equal those of ``timm.optim.param_groups_layer_decay``. That package imports torch's
compiler, which takes two seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from autotl.importing.vision import timm

PARAMETERS_PER_LAYER = 12
"""Parameters that count as a layer in a network that does not name its layers."""


@dataclass(frozen=True, slots=True)
class LayerGroup:
    """Parameters of a layer that are trained alike.

    Attributes:
        rate: The factor of the learning rate.
        decays: Whether the parameters have weight decay: those with one dimension have none.
        parameters: The names and the parameters.
    """

    rate: float
    decays: bool
    parameters: list[tuple[str, Tensor]] = field(default_factory=list)


def layer_groups(model: nn.Module, layer_decay: float) -> Iterator[LayerGroup]:
    """Yield the trainable parameters, grouped by layer and weight decay.

    Args:
        model: The network.
        layer_decay: The factor of the learning rate from each layer to the one before it.
    """
    layers = _layers(model)
    last = max(layers.values(), default=0)
    groups: dict[tuple[int, bool], LayerGroup] = {}
    for name, value in model.named_parameters():
        if value.requires_grad:
            layer, decays = layers.get(name, last), value.ndim > 1
            group = groups.setdefault((layer, decays), LayerGroup(layer_decay ** (last - layer), decays))
            group.parameters.append((name, value))
    yield from groups.values()


def _layers(model: nn.Module) -> dict[str, int]:
    """Return the number of each parameter's layer, from the input on."""
    stock: Any = model
    if hasattr(stock, "group_matcher"):
        matcher = stock.group_matcher(coarse=False)
        found: dict[str, int] = timm.models.group_parameters(model, matcher, reverse=True)
        return found
    classifier = getattr(stock, "pretrained_cfg", {}).get("classifier") or ""
    heads = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    names = [name for name, _ in model.named_parameters()]
    trunk = [name for name in names if not name.startswith(heads)]
    above = -(-len(trunk) // PARAMETERS_PER_LAYER)
    return dict.fromkeys(names, above) | {
        name: position // PARAMETERS_PER_LAYER for position, name in enumerate(trunk)
    }
