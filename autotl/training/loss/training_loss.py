"""The training loss of plain and mixed targets."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from autotl.training.loss.distillation import HasLoss


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of a batch; mixed examples have two.

    Attributes:
        first: Encoded targets, one row for each example.
        second: Targets of the examples mixed in; None without mixup.
        share: Fraction of the first example in each mixture, in [0, 1].
        weights: Weights of the first targets' losses, (rows,); None if all are 1.
        second_weights: Weights of the second targets' losses, (rows,); None if all are 1.
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


def training_loss(target: HasLoss, outputs: Tensor, targets: Targets, smoothing: float) -> Tensor:
    """Return the mean weighted loss.

    Args:
        target: Has the loss of outputs and targets.
        outputs: Outputs (rows, k), float32.
        targets: The targets and weights of the rows.
        smoothing: Label smoothing, in [0, 1).
    """
    loss = target.loss(outputs, targets.first, weights=targets.weights, smoothing=smoothing)
    if targets.second is None:
        return loss
    other = target.loss(outputs, targets.second, weights=targets.second_weights, smoothing=smoothing)
    return targets.share * loss + (1 - targets.share) * other
