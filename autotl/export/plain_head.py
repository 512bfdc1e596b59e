"""Replace a head that is not linear by an exportable head."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from autotl.heads import Head, attached_head


class PlainHead(nn.Module):
    """A :class:`autotl.heads.Head` without checks.

    Checks of shapes would fix the number of images in an exported graph.
    """

    scale: Tensor
    shift: Tensor | None

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.body, self.taps = head.body, head.taps
        self.register_buffer("scale", head.scale)
        self.register_buffer("shift", head.shift)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs, in the shape of a classifier's."""
        flat = x.flatten(1)
        if self.taps.stages:
            flat = torch.cat([*self.taps.take(), flat], 1)
        found: Tensor = self.body(flat) * self.scale
        found = found if self.shift is None else found + self.shift
        return found[(..., *(None for _ in range(x.ndim - 2)))]


def with_plain_head(model: nn.Module) -> nn.Module:
    """Replace the head of a network, if it is not linear.

    The network is changed and returned.
    """
    head = attached_head(model)
    if head is not None:
        name = next(name for name, module in model.named_modules() if module is head)
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, PlainHead(head))
    return model
