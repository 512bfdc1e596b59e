"""Pack the tensors of the trained stages into one vector, and put them back."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from autotl.toolbox import layout


def trained_tensors(model: nn.Module, through: int) -> dict[str, Tensor]:
    """Return the tensors of the stages behind the first ``through``, by name.

    They include BatchNorm statistics, and share memory with the model. The classifier's are left out.
    """
    stages = layout(model)
    parameters = frozenset[str]().union(*stages.parameters[through:])
    modules = frozenset[str]().union(*stages.modules[through:])
    frozen = frozenset[str]().union(*stages.parameters[:through])
    return {
        name: value
        for name, value in model.state_dict().items()
        if name in parameters or (name.rpartition(".")[0] in modules and name not in frozen)
    }


def pack(tensors: Mapping[str, Tensor]) -> Tensor:
    """Return all values as one vector, float32 on the CPU."""
    return torch.cat([value.detach().float().flatten().cpu() for value in tensors.values()])


@torch.no_grad()
def unpack(packed: Tensor, tensors: Mapping[str, Tensor]) -> None:
    """Copy the values of a vector into tensors.

    Raises:
        ValueError: The vector is that of another network.
    """
    if sum(value.numel() for value in tensors.values()) != len(packed):
        raise ValueError("the vector is of another network")
    start = 0
    for value in tensors.values():
        value.copy_(packed[start : start + value.numel()].view(value.shape))
        start += value.numel()
