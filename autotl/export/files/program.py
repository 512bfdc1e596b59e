"""Trace a network for any number of images."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import nn
from torch.export import Dim, ExportedProgram

from autotl.errors import ExportError, described


def traced(
    network: nn.Module, input_size: int, *, dtype: torch.dtype = torch.uint8, most: int | None = None
) -> ExportedProgram:
    """Return the graph of a network, for one image or more.

    Args:
        network: Pixels, uint8 (n, s, s, 3), to predictions and outputs.
        input_size: The side s in pixels.
        dtype: The type of the pixels; the network converts it.
        most: The most images; None for any number.

    Raises:
        ExportError: The network cannot be traced, or works for one number of images only.
    """
    # torch fixes sizes of 0 and 1 in the graph, so the example has two images
    example = torch.zeros(2, input_size, input_size, 3, dtype=dtype)
    batch: Any = Dim("batch", min=1, max=most)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch, about its own modules
            return torch.export.export(network, (example,), dynamic_shapes=({0: batch},), strict=False)
    except Exception as error:  # torch raises many kinds of errors for code that it cannot trace
        raise ExportError(
            f"The network cannot be exported for any number of images: {described(error)[:500]}. "
            "Export it as timm, or fit with another backbone or head."
        ) from error
