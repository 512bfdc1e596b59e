"""The settings of a training run, and how many epochs of it a trial can afford."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from autotl.api import Backbone, Params, Task

VALIDATION_SHARE = 0.2
HEAD_STEPS = 20
"""What a linear classifier takes that is held back as far as those that are LOOKED for."""
PRODUCT_SECONDS = 3e-11
"""For one multiply-add of such a step on common hardware."""
VIEWS = 8


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train: AdamW with warm-up and cosine decay.

    ``layer_decay`` multiplies the learning rate once per layer away from the head (1: the same everywhere;
    Clark et al., ELECTRA, ICLR 2020). ``warmup`` is a share of all steps. ``augment`` is a name of
    AUGMENTATIONS. ``mixup`` is the α of mixup's Beta(α, α) and ``ema`` the decay of a moving average of the
    weights (0: neither). Behind a cut, up to ``views`` augmented views of each image are kept. ``balance`` is
    a name of BALANCES: whether small classes count more, by their weight in the loss or by sampling. Without
    ``margin`` random crops are taken from the images as they are evaluated, which are decoded once for both.
    An epoch takes the share ``part`` of the images, drawn anew.
    """

    side: int
    epochs: int
    lr: float
    weight_decay: float = 0.02
    layer_decay: float = 1.0
    batch_size: int = 32
    warmup: float = 0.1
    augment: str = "shift"
    label_smoothing: float = 0.1
    clip: float = 1.0
    mixup: float = 0.0
    ema: float = 0.0
    views: int = VIEWS
    balance: str = "none"
    margin: bool = True
    part: float = 1.0

    @classmethod
    def of(cls, params: Params, **fixed: Any) -> Recipe:
        """Return the recipe with a trial's settings, and with those that a strategy has ``fixed``.

        A setting named like a field is taken as that field, ``image_size`` as ``side``.
        """
        names = {each.name for each in fields(cls)}
        chosen = {name: value for name, value in params.items() if name in names}
        return cls(side=params["image_size"], **chosen, **fixed)


def epoch_seconds(task: Task, backbone: Backbone, *, side: int, trained: float, part: float = 1.0) -> float:
    """Return what an epoch on one fold is expected to take, on images, validation included.

    ``trained`` is as in Pace.seconds, and ``part`` the share of the images that the epoch learns from.
    """
    rows = task.train_rows
    learn = backbone.pace.seconds(part * rows * (1 - VALIDATION_SHARE), side=side, trained=trained)
    return learn + backbone.pace.seconds(rows * VALIDATION_SHARE, side=side)


def training_seconds(
    task: Task, backbone: Backbone, *, side: int, trained: float, epochs: int, views: int = 0
) -> float:
    """What ``epochs`` epochs on one fold are expected to take.

    With ``views``, what the frozen layers give is kept: they run once for each of so many views of the
    training images, without those in front of maps that the backbone has already, and an epoch costs what
    the trained share of the arithmetic does.
    """
    whole = epoch_seconds(task, backbone, side=side, trained=trained)
    if not views or trained >= 1:
        return epochs * whole
    frozen = 1 - trained
    if views == 1 and side == backbone.side:
        frozen -= max((share for share in backbone.kept if share <= frozen), default=0.0)
    look = backbone.pace.seconds(task.train_rows, side=side) * frozen
    suffix = trained * epoch_seconds(task, backbone, side=side, trained=1.0)
    return min(views, epochs) * look + epochs * suffix


def head_seconds(task: Task, backbone: Backbone, *, steps: int = HEAD_STEPS) -> float:
    """What fitting a linear classifier to frozen features on one fold is expected to take."""
    return steps * PRODUCT_SECONDS * task.train_rows * backbone.features * len(task.classes)


def affordable(
    task: Task,
    backbone: Backbone,
    *,
    side: int,
    trained: float,
    wanted: int,
    share: float = 1.0,
    views: int = 0,
) -> int:
    """How many of the ``wanted`` epochs on one fold fit into ``share`` of what one trial may cost on all of
    the task's folds; at least 1.

    ``trained`` and ``views`` are as in :func:`training_seconds`.
    """
    if task.trial_seconds is None:
        return wanted
    room = share * task.trial_seconds / task.folds
    fits = (
        epochs
        for epochs in range(wanted, 1, -1)
        if training_seconds(task, backbone, side=side, trained=trained, epochs=epochs, views=views) <= room
    )
    return next(fits, 1)


def affordable_sides(
    task: Task, backbone: Backbone, *, trained: float, epochs: int, share: float = 1.0
) -> list[int]:
    """The image sizes at which at least ``epochs`` epochs fit into a trial, ascending; the smallest in any
    case.
    """
    largest = affordable_side(task, backbone, trained=trained, epochs=epochs, share=share)
    return [side for side in backbone.sides if side <= largest]


def affordable_side(
    task: Task, backbone: Backbone, *, trained: float, epochs: int, share: float = 1.0
) -> int:
    """The largest image size at which ``epochs`` epochs fit into what one trial may cost, else the
    smallest.
    """
    fits = [
        side
        for side in backbone.sides
        if affordable(task, backbone, side=side, trained=trained, wanted=epochs, share=share) == epochs
    ]
    return max(fits, default=min(backbone.sides))
