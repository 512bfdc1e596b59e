"""Make inputs that any network takes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

MakeInputs = Callable[[int, int, torch.Generator | None], Tensor]


def example_inputs(
    model: nn.Module, rows: int, size: int, generator: torch.Generator | None = None
) -> Tensor:
    """Return random inputs that a network takes, on the CPU.

    Args:
        model: The network. If it takes no images, it has a method ``example_inputs(rows, size, generator)``.
        rows: The number of inputs.
        size: Their size, such as the pixels of a side.
        generator: Draws the numbers; None for the global one.

    Returns:
        The inputs; images are float32 (rows, 3, size, size) from 0 to 1, channels last.
    """
    make: MakeInputs | None = getattr(model, "example_inputs", None)
    if make is not None:
        return make(rows, size, generator)
    noise = torch.rand(rows, 3, size, size, generator=generator)
    return noise.to(memory_format=torch.channels_last)
