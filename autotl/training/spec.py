"""The inputs of a training, apart from the validation rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from autotl.training.batches import BatchSource
from autotl.training.loss.distillation import HasLoss
from autotl.training.recipe import Recipe
from autotl.training.update.starting_point import StartingPoint


@dataclass(frozen=True)
class TrainingSpec:
    """The inputs of a training, apart from the validation rows.

    They can be sent to other processes.

    Attributes:
        model: The network; parameters that require gradients are trained.
        batches: Batches of the training rows.
        target: Has the loss of outputs and targets.
        targets: Targets of the training rows, as the loss takes them.
        strata: Strata of the training rows, int64 (rows,), which sampling can balance.
        recipe: The settings.
        train_mode: Puts the model into training mode, except for layers that stay frozen.
        device: Runs the training.
        seed: Determines the order of the rows, the views and dropout.
        weights: Weights of the rows' losses, float32 (rows,) with mean 1; None if all are equal.
        rates: Factors of the learning rate by the parameter's name; 1 for the others.
        start: The weights that the training stays near; None if it may move anywhere.
    """

    model: nn.Module
    batches: BatchSource
    target: HasLoss
    targets: Tensor
    strata: Tensor
    recipe: Recipe
    train_mode: Callable[[nn.Module], object]
    device: str
    seed: int
    weights: Tensor | None = None
    rates: Mapping[str, float] = field(default_factory=dict)
    start: StartingPoint | None = None
