"""A vote of the most similar training images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


class NeighboursHead(nn.Module):
    """Softmax-weighted vote of the k nearest neighbours by cosine similarity.

    The arguments are ``rows``, the size of the bank, ``neighbours``, and ``whiten``: whether features are
    whitened. A vote counts exp(similarity / temperature) and the weight of its row. The outputs are
    logarithms of the shares of the votes, mixed with a little of the uniform distribution.
    """

    centre: Tensor
    whitening: Tensor | None
    bank: Tensor
    labels: Tensor
    weights: Tensor
    temperature: Tensor

    def __init__(self, arguments: Mapping[str, Any], features: int, outputs: int) -> None:
        super().__init__()
        rows, self.outputs = int(arguments["rows"]), outputs
        self.neighbours = max(1, min(int(arguments["neighbours"]), rows))
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("whitening", torch.eye(features) if arguments.get("whiten") else None)
        self.register_buffer("bank", torch.zeros(rows, features))  # transformed, of length 1
        self.register_buffer("labels", torch.zeros(rows, dtype=torch.int64))
        self.register_buffer("weights", torch.ones(rows))
        self.register_buffer("temperature", torch.tensor(0.07))
        check: Any = self.register_load_state_dict_post_hook  # torch does not type it
        check(NeighboursHead.check)

    @staticmethod
    def check(head: NeighboursHead, keys: Any) -> None:
        """Raise ValueError unless loaded labels are classes."""
        lowest, highest = int(head.labels.min()), int(head.labels.max())
        if not 0 <= lowest <= highest < head.outputs:
            raise ValueError(f"labels must be from 0 to {head.outputs - 1} (got {lowest} to {highest})")

    def embed(self, x: Tensor) -> Tensor:
        """Centre and whiten features (rows, d), and scale them to length 1."""
        x = x - self.centre
        x = x if self.whitening is None else x @ self.whitening
        return nn.functional.normalize(x, dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (rows, k) of features (rows, d)."""
        similarity, nearest = (self.embed(x) @ self.bank.T).topk(self.neighbours, dim=1)
        # relative to the nearest: exp(1 / temperature) may overflow
        votes = ((similarity - similarity[:, :1]) / self.temperature).exp() * self.weights[nearest]
        total = votes.sum(1, keepdim=True).clamp(min=1e-12)
        empty = votes.new_zeros(x.shape[0], self.outputs)  # len() would fix the number in an exported graph
        shares = empty.scatter_add(1, self.labels[nearest], votes / total)
        return (0.999 * shares + 0.001 / self.outputs).log()
