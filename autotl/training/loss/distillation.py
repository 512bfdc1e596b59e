"""Learn from a teacher's outputs besides the labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import kl_div, log_softmax, softmax


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
        outputs: Logits, float32 (rows, k).
        share: Weight of the teacher in the loss, in [0, 1]; the labels have the rest.
        temperature: Divides the logits of teacher and student; above 0.
    """

    outputs: Tensor
    share: float
    temperature: float

    def targets(self, targets: Tensor) -> Tensor:
        """Return targets for :class:`DistillationLoss`, float32 (rows, 1 + k).

        The first column has the class, the other columns the teacher's probabilities.
        """
        probabilities = softmax(self.outputs / self.temperature, dim=1)
        return torch.cat([targets[:, None].to(probabilities.dtype), probabilities], dim=1)


@dataclass(frozen=True, slots=True)
class DistillationLoss:
    """The loss of labels and of a teacher's probabilities.

    ``labels`` has the loss of the labels. ``share`` and ``temperature`` are those of the teacher.
    """

    labels: HasLoss
    share: float
    temperature: float

    def loss(self, outputs: Tensor, targets: Tensor, *, weights: Tensor | None, smoothing: float) -> Tensor:
        """Return the mean weighted loss.

        The teacher's part is the Kullback-Leibler divergence, times the squared temperature. Its gradients
        then have the same size at all temperatures.

        Args:
            outputs: The student's logits, float32 (rows, k).
            targets: The result of :meth:`Teacher.targets` for these rows.
            weights: Weights of the rows, (rows,); None if all are 1.
            smoothing: Label smoothing of the labels, in [0, 1).
        """
        classes, probabilities = targets[:, 0].long(), targets[:, 1:]
        of_labels = self.labels.loss(outputs, classes, weights=weights, smoothing=smoothing)
        rows = kl_div(log_softmax(outputs / self.temperature, dim=1), probabilities, reduction="none").sum(1)
        of_teacher = (rows if weights is None else rows * weights).mean() * self.temperature**2
        return (1 - self.share) * of_labels + self.share * of_teacher
