"""Choose depth, epochs and image size that fit a trial's time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Literal, TypedDict

from autotl.api import Backbone, Params, Space, Task
from autotl.training import (
    MAX_VIEWS,
    VALIDATION_SHARE,
    affordable_epochs,
    affordable_size,
    affordable_sizes,
    fit_epochs,
    head_seconds,
    probe_seconds,
    step_seconds,
    training_seconds,
)

DEFAULT_EPOCHS = 12
"""Epochs on data large enough for TARGET_STEPS; smaller data gets up to three times as many."""
TARGET_STEPS = 400
BATCH_SIZE = 32
MIN_EPOCHS = 3
"""Fewest default epochs; with less time, fewer layers are trained for longer."""
MIN_SEARCHED_EPOCHS = 2
"""Fewest epochs of suggested settings; with less time, fewer layers are trained for longer."""
MIN_NEAR_SIMILARITY = 0.5
"""Smallest similarity of data that is near the source."""
AGGRESSIVE_STEPS = 60
"""Fewest steps of the whole network for new BatchNorm statistics on data far from the source."""


class ReachSettings(TypedDict):
    """The settings of a :class:`Reach`, by their names in a trial."""

    freeze: int
    epochs: int
    image_size: int


@dataclass(frozen=True, slots=True)
class Reach:
    """Frozen stages, epochs, and image size in pixels, of a trial."""

    freeze: int
    epochs: int
    image_size: int

    @property
    def settings(self) -> ReachSettings:
        """The settings of a trial."""
        return {"freeze": self.freeze, "epochs": self.epochs, "image_size": self.image_size}


def default_reach(task: Task, backbone: Backbone, *, wanted: int | None = None) -> Reach:
    """Return the deepest reach whose epochs fit into a trial's time.

    Few layers on large images learn more than many layers on small ones, and the outputs of the other
    layers may be cached already.

    Args:
        task: Gives the time of a trial.
        backbone: Gives the measured speed.
        wanted: Largest number of epochs; None for :func:`usual_epochs`.
    """
    wanted = usual_epochs(task) if wanted is None else wanted
    fewest = min(wanted, MIN_EPOCHS)
    input_size = affordable_size(task, backbone, trained=1.0, epochs=wanted)
    if can_train_stages(task, backbone, backbone.input_size, epochs=fewest):
        input_size = max(input_size, backbone.input_size)
    depth = affordable_depth(task, backbone, input_size, epochs=fewest)
    epochs = affordable_epochs(
        task,
        backbone,
        input_size=input_size,
        trained=trained_share(backbone, depth),
        wanted=wanted,
        views=1,
    )
    return Reach(depth, epochs, input_size)


def fit_trial_time(params: Params, seconds: Callable[[Params], float], task: Task) -> Params:
    """Lower the epochs of settings until they fit a trial's time.

    At least one epoch stays. It is for strategies with phases that :func:`default_reach` does not count.

    Args:
        params: Settings with ``epochs``, the most that are returned.
        seconds: Predicts the seconds of settings on one fold.
        task: Gives the time of a trial.
    """
    if task.trial_seconds is None:
        return params
    return fit_epochs(params, seconds, task.trial_seconds / task.folds)


def default_norm(task: Task, backbone: Backbone, reach: Reach) -> Literal["frozen", "batch"]:
    """Return whether BatchNorm statistics are kept or updated by default.

    Far from the source they are updated, if the whole network is trained. With fewer than AGGRESSIVE_STEPS
    the network has no time to adapt to them, so they are kept.

    Args:
        task: Gives the similarity and the number of training images.
        backbone: The network.
        reach: The stages and epochs that are trained.
    """
    steps = reach.epochs * (1 - VALIDATION_SHARE) * task.train_rows / BATCH_SIZE
    far = similarity(task, backbone) < MIN_NEAR_SIMILARITY
    return "batch" if far and not reach.freeze and steps >= AGGRESSIVE_STEPS else "frozen"


def suggested_reach(space: Space, task: Task, backbone: Backbone) -> Reach:
    """Return a reach that is chosen through ``space``.

    It is corrected to a trial's time. The settings are ``image_size``, ``freeze`` and ``epochs``, in that
    order.

    Args:
        space: Source of suggested values.
        task: Gives the time of a trial.
        backbone: Gives the measured speed.
    """
    usual = usual_epochs(task)
    input_sizes = affordable_sizes(task, backbone, trained=1.0, epochs=max(1, usual // 3))
    if backbone.input_size > input_sizes[-1] and can_train_stages(
        task, backbone, backbone.input_size, epochs=MIN_SEARCHED_EPOCHS
    ):
        input_sizes.append(backbone.input_size)
    input_size = space.suggest_categorical("image_size", input_sizes)
    shallowest = affordable_depth(task, backbone, input_size, epochs=MIN_SEARCHED_EPOCHS)
    depth = space.suggest_int("freeze", shallowest, len(backbone.stages))
    wanted = space.suggest_int("epochs", 1, 2 * usual, log=True)
    epochs = affordable_epochs(
        task,
        backbone,
        input_size=input_size,
        trained=trained_share(backbone, depth),
        wanted=wanted,
        views=MAX_VIEWS,
    )
    return Reach(depth, epochs, input_size)


def tuning_seconds(
    params: Params, task: Task, backbone: Backbone, *, backward: float = 1.0, features: bool = True
) -> float:
    """Predict the seconds of a training on one fold.

    Args:
        params: The settings: those of a :class:`Reach`, ``augment``, and ``head`` if it may be the probe's.
        task: Gives the number of training images.
        backbone: Gives the measured speed.
        backward: Share of the backward arithmetic that is needed, in (0, 1].
        features: Whether to count the pass for the probe's features if they are not cached.
    """
    seconds = training_seconds(
        task,
        backbone,
        input_size=params["image_size"],
        trained=trained_share(backbone, params["freeze"]),
        epochs=params["epochs"],
        views=1 if params["augment"] == "none" else MAX_VIEWS,
        backward=backward,
    )
    # negligible unless few layers are trained
    seconds += step_seconds(task, epochs=params["epochs"], batch_size=BATCH_SIZE)
    if params.get("head") != "probe":
        return seconds
    if not features:
        return seconds + head_seconds(task, backbone)
    return seconds + probe_seconds(task, backbone, input_size=params["image_size"])


def affordable_depth(task: Task, backbone: Backbone, input_size: int, *, epochs: int) -> int:
    """Return the fewest stages to freeze so that the epochs fit.

    Args:
        task: Gives the time of a trial.
        backbone: Gives the measured speed.
        input_size: Image size in pixels.
        epochs: Epochs that must fit.
    """
    for depth in range(len(backbone.stages)):
        trained = trained_share(backbone, depth)
        fitting = affordable_epochs(
            task, backbone, input_size=input_size, trained=trained, wanted=epochs, views=1
        )
        if fitting == epochs:
            return depth
    return len(backbone.stages)


def can_train_stages(task: Task, backbone: Backbone, input_size: int, *, epochs: int) -> bool:
    """Return whether more than a head can be trained at this size.

    Args:
        task: Gives the time of a trial.
        backbone: Gives the measured speed.
        input_size: Image size in pixels.
        epochs: Epochs that must fit.
    """
    return affordable_depth(task, backbone, input_size, epochs=epochs) < len(backbone.stages)


def usual_epochs(task: Task) -> int:
    """Return the epochs of a training whose time is not limited."""
    return max(DEFAULT_EPOCHS, min(3 * DEFAULT_EPOCHS, TARGET_STEPS * BATCH_SIZE // task.train_rows))


def similarity(task: Task, backbone: Backbone) -> float:
    """Return the median of the measured similarities; 0 if there are none."""
    found = task.likeness.get(backbone.name, {}).values()
    return median(found) if found else 0.0


def trained_share(backbone: Backbone, depth: int) -> float:
    """Return the trained fraction of the arithmetic with ``depth`` frozen stages."""
    return 1.0 - backbone.stages[depth - 1].flops if depth else 1.0
