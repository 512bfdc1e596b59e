"""Settings, cost and learner of the strategies that train from random weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotl.api import Backbone, Cost, Params, Space, Task, Workbench
from autotl.training import Recipe, balance_options, epoch_seconds, usual_augmentation

if TYPE_CHECKING:
    from autotl.training import Training


def default_settings(task: Task, *, lr: float, epochs: int, input_size: int) -> Params:
    """Return default settings: weight decay 0.05, the usual views, no balancing.

    Args:
        task: The task.
        lr: Peak learning rate.
        epochs: Number of epochs.
        input_size: Image size in pixels.
    """
    return {
        "lr": lr,
        "weight_decay": 0.05,
        "epochs": epochs,
        "augment": usual_augmentation(task, frozen=False),
        "balance": "none",
        "image_size": input_size,
    }


def suggested_settings(
    space: Space, task: Task, *, lr: tuple[float, float], epochs: int, input_size: int
) -> Params:
    """Return settings that are suggested, with given epochs and image size.

    Args:
        space: Suggests the settings.
        task: The task, whose classes may be uneven.
        lr: Smallest and largest peak learning rate.
        epochs: Number of epochs.
        input_size: Image size in pixels.
    """
    return {
        "lr": space.suggest_float("lr", *lr, log=True),
        "weight_decay": space.suggest_float("weight_decay", 1e-3, 0.3, log=True),
        "epochs": epochs,
        "augment": space.suggest_categorical("augment", list(task.augmentations)),
        "balance": space.suggest_categorical("balance", balance_options(task)),
        "image_size": input_size,
    }


def training_cost(params: Params, task: Task, backbone: Backbone) -> Cost:
    """Return the expected cost of training the whole network on one fold.

    Args:
        params: The settings.
        task: The task.
        backbone: The network.
    """
    part = params.get("part", 1.0)
    seconds = epoch_seconds(task, backbone, input_size=params["image_size"], trained=1.0, part=part)
    return Cost(seconds * params["epochs"], 16 * backbone.parameters)


def train_from_random(params: Params, workbench: Workbench, **fixed: Any) -> Training:
    """Return a learner that trains the workbench's network from random weights.

    Args:
        params: The settings.
        workbench: The workbench of the trial.
        fixed: Further fields of the recipe.
    """
    from autotl.training import Training

    return Training(workbench.model(pretrained=False), workbench, Recipe.from_params(params, **fixed))
