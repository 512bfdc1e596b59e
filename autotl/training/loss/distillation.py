"""Learn from a teacher's outputs besides the labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from autotl.api import TargetKind


class HasLoss(Protocol):
    """The part of a :class:`~autotl.api.Target` that a training needs."""

    def loss(
        self, outputs: Tensor, targets: Tensor, *, weights: Tensor | None, smoothing: float
    ) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class Teacher:
    """A teacher's outputs for the training rows.

    The paper is Hinton et al., Distilling the Knowledge in a Neural Network, 2015.

    Attributes:
        outputs: Outputs, float32 (rows, k).
        share: Weight of the teacher in the loss, in [0, 1]; the labels have the rest.
        temperature: Divides the logits of teacher and student; above 0. Numbers have none.
        kind: The kind of target.
    """

    outputs: Tensor
    share: float
    temperature: float
    kind: TargetKind = "single_label"

    def targets(self, targets: Tensor) -> Tensor:
        """Return targets for :class:`DistillationLoss`, float32 (rows, columns + k).

        The first columns have the encoded targets, the other columns what the teacher predicts.
        """
        own = targets[:, None] if targets.dim() == 1 else targets
        predicted = self.outputs
        if self.kind == "single_label":
            predicted = functional.softmax(self.outputs / self.temperature, dim=1)
        elif self.kind == "multi_label":
            predicted = (self.outputs / self.temperature).sigmoid()
        return torch.cat([own.to(predicted.dtype), predicted], dim=1)


@dataclass(frozen=True, slots=True)
class DistillationLoss:
    """The loss of targets and of a teacher's predictions.

    ``labels`` has the loss of the targets. The other fields are those of the teacher.
    """

    labels: HasLoss
    share: float
    temperature: float
    kind: TargetKind = "single_label"

    def loss(self, outputs: Tensor, targets: Tensor, *, weights: Tensor | None, smoothing: float) -> Tensor:
        """Return the mean weighted loss.

        The teacher's part is the Kullback-Leibler divergence, times the squared temperature. Its gradients
        then have the same size at all temperatures. For numbers it is half the squared difference.

        Args:
            outputs: The student's outputs, float32 (rows, k).
            targets: The result of :meth:`Teacher.targets` for these rows.
            weights: Weights of the rows, (rows,); None if all are 1.
            smoothing: Label smoothing of the labels, in [0, 1).
        """
        columns = targets.shape[1] - outputs.shape[1]
        own, predicted = targets[:, :columns], targets[:, columns:]
        own = own[:, 0].long() if self.kind == "single_label" else own
        of_labels = self.labels.loss(outputs, own, weights=weights, smoothing=smoothing)
        rows = self._divergences(outputs, predicted)
        of_teacher = (rows if weights is None else rows * weights).mean()
        return (1 - self.share) * of_labels + self.share * of_teacher

    def _divergences(self, outputs: Tensor, predicted: Tensor) -> Tensor:
        """Return how far the student is from the teacher, (rows,)."""
        if self.kind == "regression":
            return 0.5 * (outputs - predicted).square().sum(1)
        logits = outputs / self.temperature
        if self.kind == "single_label":
            found = functional.kl_div(functional.log_softmax(logits, dim=1), predicted, reduction="none")
        else:
            found = functional.binary_cross_entropy_with_logits(logits, predicted, reduction="none")
            found = found - functional.binary_cross_entropy(predicted, predicted, reduction="none")
        return found.sum(1) * self.temperature**2
