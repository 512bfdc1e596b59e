"""Predict training times.

Choose epochs and image sizes that fit a trial's time.
"""

from __future__ import annotations

from collections.abc import Callable

from autotl.api import Backbone, Params, Task
from autotl.training.recipe import VALIDATION_SHARE

STEP_SECONDS = 3e-3
"""Seconds of an optimiser step besides the layers' arithmetic, on common hardware."""
HEAD_STEPS = 20
"""Optimiser steps of a linear classifier that is regularised as much as PROBE_SETTINGS."""
MULTIPLY_ADD_SECONDS = 3e-11
"""Seconds per multiply-add of such a step on common hardware."""


def epoch_seconds(
    task: Task, backbone: Backbone, *, input_size: int, trained: float, part: float = 1.0
) -> float:
    """Predict the seconds of an epoch with validation on one fold.

    Args:
        task: Gives the number of training images.
        backbone: Gives the measured speed.
        input_size: Image size in pixels.
        trained: Fraction of the arithmetic that is trained, in [0, 1], as in ``Pace.seconds``.
        part: Fraction of the images that the epoch uses, in (0, 1].
    """
    rows = task.train_rows
    training = backbone.pace.seconds(
        part * rows * (1 - VALIDATION_SHARE), input_size=input_size, trained=trained
    )
    return training + backbone.pace.seconds(rows * VALIDATION_SHARE, input_size=input_size)


def training_seconds(
    task: Task,
    backbone: Backbone,
    *,
    input_size: int,
    trained: float,
    epochs: int,
    views: int = 0,
    backward: float = 1.0,
) -> float:
    """Predict the seconds of a training on one fold.

    With ``views``, the frozen layers run once per view, and an epoch runs only the trained layers. Stages
    whose outputs are cached already cost nothing.

    Args:
        task: Gives the number of training images.
        backbone: Gives the measured speed and the cached stages.
        input_size: Image size in pixels.
        trained: Fraction of the arithmetic that is trained, in [0, 1].
        epochs: Number of epochs.
        views: Number of cached views; 0 if nothing is cached.
        backward: Fraction of the trained layers' backward arithmetic that is needed, in (0, 1].
    """
    full_epoch = epoch_seconds(task, backbone, input_size=input_size, trained=backward * trained)
    if not views or trained >= 1:
        return epochs * full_epoch
    frozen = 1 - trained
    if views == 1 and input_size == backbone.input_size:
        frozen -= max((share for share in backbone.kept if share <= frozen), default=0.0)
    view_seconds = backbone.pace.seconds(task.train_rows, input_size=input_size) * frozen
    suffix_seconds = trained * epoch_seconds(task, backbone, input_size=input_size, trained=backward)
    return min(views, epochs) * view_seconds + epochs * suffix_seconds


def step_seconds(task: Task, *, epochs: int, batch_size: int) -> float:
    """Predict the seconds of a fold's optimiser steps, besides the layers' arithmetic.

    Args:
        task: Gives the number of training images.
        epochs: Number of epochs.
        batch_size: Images per step.
    """
    return epochs * STEP_SECONDS * (1 - VALIDATION_SHARE) * task.train_rows / batch_size


def head_seconds(task: Task, backbone: Backbone, *, steps: int = HEAD_STEPS) -> float:
    """Predict the seconds of fitting one linear classifier on one fold.

    Args:
        task: Gives the number of training images and classes.
        backbone: Gives the number of features.
        steps: Optimiser steps.
    """
    return steps * MULTIPLY_ADD_SECONDS * task.train_rows * backbone.features * task.target.outputs


def feature_seconds(task: Task, backbone: Backbone, *, input_size: int) -> float:
    """Predict the seconds of frozen features on one fold.

    Features that are not cached at this size take a pass over all images, which five folds share.

    Args:
        task: Gives the number of training images.
        backbone: Gives the measured speed, and whether the features are cached.
        input_size: Image size in pixels.
    """
    if backbone.has_seen(input_size):
        return 0.0
    return backbone.pace.seconds(task.train_rows, input_size=input_size) / 5


def probe_seconds(task: Task, backbone: Backbone, *, input_size: int) -> float:
    """Predict the seconds of features and linear probe on one fold.

    Args:
        task: Gives the number of training images and classes.
        backbone: Gives the measured speed, and whether the features are cached.
        input_size: Image size in pixels.
    """
    return feature_seconds(task, backbone, input_size=input_size) + head_seconds(task, backbone)


def affordable_epochs(
    task: Task,
    backbone: Backbone,
    *,
    input_size: int,
    trained: float,
    wanted: int,
    share: float = 1.0,
    views: int = 0,
) -> int:
    """Return how many of the ``wanted`` epochs fit into a trial's time.

    Args:
        task: Gives the time of a trial on all folds.
        backbone: Gives the measured speed.
        input_size: Image size in pixels.
        trained: Fraction of the arithmetic that is trained, in [0, 1].
        wanted: Largest result.
        share: Fraction of the trial's time to use; above 1 uses more.
        views: Number of cached views, as in :func:`training_seconds`.

    Returns:
        Epochs per fold, from 1 to ``wanted``.
    """
    if task.trial_seconds is None:
        return wanted
    limit = share * task.trial_seconds / task.folds
    fits = (
        epochs
        for epochs in range(wanted, 1, -1)
        if training_seconds(
            task, backbone, input_size=input_size, trained=trained, epochs=epochs, views=views
        )
        <= limit
    )
    return next(fits, 1)


def fit_epochs(params: Params, seconds: Callable[[Params], float], limit: float) -> Params:
    """Return the settings with fewer epochs, if they take too long.

    Args:
        params: Settings with ``epochs``, the most that are returned.
        seconds: Predicts the seconds of settings; more epochs never take less time.
        limit: The seconds allowed.

    Returns:
        The settings with the most epochs that fit; with one epoch if none fits.
    """
    longest = int(params["epochs"])
    fits = ({**params, "epochs": epochs} for epochs in range(longest, 1, -1))
    if longest <= 1 or seconds(params) <= limit:
        return params
    return next((each for each in fits if seconds(each) <= limit), {**params, "epochs": 1})


def affordable_sizes(
    task: Task, backbone: Backbone, *, trained: float, epochs: int, share: float = 1.0
) -> list[int]:
    """Return the image sizes up to :func:`affordable_side`, ascending.

    Args:
        task: Gives the time of a trial on all folds.
        backbone: Gives the measured speed and the possible image sizes.
        trained: Fraction of the arithmetic that is trained, in [0, 1].
        epochs: Epochs that must fit.
        share: Fraction of the trial's time to use.
    """
    largest = affordable_size(task, backbone, trained=trained, epochs=epochs, share=share)
    return [input_size for input_size in backbone.input_sizes if input_size <= largest]


def affordable_size(
    task: Task, backbone: Backbone, *, trained: float, epochs: int, share: float = 1.0
) -> int:
    """Return the largest image size at which the epochs fit.

    Args:
        task: Gives the time of a trial on all folds.
        backbone: Gives the measured speed and the possible image sizes.
        trained: Fraction of the arithmetic that is trained, in [0, 1].
        epochs: Epochs that must fit.
        share: Fraction of the trial's time to use.

    Returns:
        An image size in pixels; the smallest one if none fits.
    """
    fits = [
        input_size
        for input_size in backbone.input_sizes
        if affordable_epochs(
            task, backbone, input_size=input_size, trained=trained, wanted=epochs, share=share
        )
        == epochs
    ]
    return max(fits, default=min(backbone.input_sizes))
