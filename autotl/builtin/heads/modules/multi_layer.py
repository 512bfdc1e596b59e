"""A linear classifier on some columns of several layers' features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


class MultiLayerHead(nn.Module):
    """Choose columns, then a linear layer.

    The argument is ``columns``, the number of chosen columns.
    """

    columns: Tensor

    def __init__(self, arguments: Mapping[str, Any], features: int, outputs: int) -> None:
        super().__init__()
        columns = int(arguments["columns"])
        self.register_buffer("columns", torch.arange(columns) % features)
        self.linear = nn.Linear(columns, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (rows, k) of features (rows, d)."""
        outputs: Tensor = self.linear(x[:, self.columns])
        return outputs
