"""The training loss: weighted cross-entropy of plain and mixed targets."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Targets:
    """The classes of a batch; mixed examples have two.

    Attributes:
        first: Classes, int64 (rows,).
        second: Classes of the examples mixed in, int64 (rows,); None without mixup.
        share: Fraction of the first example in each mixture, in [0, 1].
        weights: Weights of the first classes' losses, (rows,); None if all are 1.
        second_weights: Weights of the second classes' losses, (rows,); None if all are 1.
    """

    first: Tensor
    second: Tensor | None = None
    share: float = 1.0
    weights: Tensor | None = None
    second_weights: Tensor | None = None

    def part(self, rows: slice) -> Targets:
        """Return the targets of some rows."""
        second, weights, second_weights = (
            None if values is None else values[rows]
            for values in (self.second, self.weights, self.second_weights)
        )
        return Targets(self.first[rows], second, self.share, weights, second_weights)


def training_loss(logits: Tensor, targets: Targets, smoothing: float) -> Tensor:
    """Return the mean weighted cross-entropy.

    Args:
        logits: Logits (rows, classes), float32.
        targets: The classes and weights of the rows.
        smoothing: Label smoothing, in [0, 1).
    """
    loss = _cross_entropy(logits, targets.first, targets.weights, smoothing)
    if targets.second is None:
        return loss
    other = _cross_entropy(logits, targets.second, targets.second_weights, smoothing)
    return targets.share * loss + (1 - targets.share) * other


def _cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor | None, smoothing: float) -> Tensor:
    if weights is None:
        return F.cross_entropy(logits, labels, label_smoothing=smoothing)
    losses = F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")
    return (weights * losses).mean()
