"""What a training is given: everything it needs but the validation rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from autotl.training.batches import BatchSource
from autotl.training.recipe import Recipe


@dataclass(frozen=True)
class TrainingSpec:
    """Everything a training needs but the validation rows; crosses to other processes.

    ``feed`` gives batches of the training rows, ``labels`` (rows,) are theirs and ``weights`` (rows,) what
    each one's loss is multiplied by (None: 1). ``train_mode`` puts the model into training mode, leaving in
    eval what is to stay frozen.
    """

    model: nn.Module
    feed: BatchSource
    labels: Tensor
    recipe: Recipe
    train_mode: Callable[[nn.Module], object]
    device: str
    seed: int
    weights: Tensor | None = None
