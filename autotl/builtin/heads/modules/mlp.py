"""A multilayer perceptron with one hidden layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


class MlpHead(nn.Module):
    """Standardise, linear layer, activation, dropout, linear layer.

    The arguments are ``hidden``, the width of the hidden layer, ``activation``, "gelu" or "relu", and
    ``dropout`` in [0, 1).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, arguments: Mapping[str, Any], features: int, outputs: int) -> None:
        super().__init__()
        hidden, activation = int(arguments["hidden"]), {"gelu": nn.GELU, "relu": nn.ReLU}
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("std", torch.ones(features))
        self.first = nn.Linear(features, hidden)
        self.activation = activation[arguments.get("activation", "gelu")]()
        self.dropout = nn.Dropout(float(arguments.get("dropout", 0.0)))
        self.last = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (rows, k) of features (rows, d)."""
        hidden = self.activation(self.first((x - self.mean) / self.std))
        outputs: Tensor = self.last(self.dropout(hidden))
        return outputs
