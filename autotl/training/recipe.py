"""The settings of a training run."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from autotl.api import Params

VALIDATION_SHARE = 0.2
"""Fraction of the training images that a fold validates on."""
MAX_VIEWS = 8
"""Default number of augmented views that are cached per image."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of a training.

    By default it is AdamW with linear warm-up and cosine decay.

    Attributes:
        input_size: Image size in pixels.
        epochs: Number of epochs, 1 or more.
        lr: Peak learning rate.
        weight_decay: Decoupled weight decay of AdamW.
        layer_decay: Factor of the learning rate per layer away from the head, in (0, 1]; 1 for equal rates
            (Clark et al., ELECTRA, ICLR 2020).
        batch_size: Images per optimiser step.
        warmup: Fraction of all steps in which the learning rate rises, in [0, 1).
        augment: A name of AUGMENTATIONS.
        label_smoothing: Label smoothing of the loss, in [0, 1).
        clip: Largest norm of the gradients; infinite for no limit.
        mixup: The α of mixup's Beta(α, α); 0 for no mixup.
        ema: Decay of the moving average of the weights, in [0, 1); 0 for no average.
        views: Most augmented views to cache per image, if the first stages are frozen.
        balance: A name of BALANCES: how small classes count more.
        margin: Whether random crops may use the margin around the evaluated part of an image. Without it,
            images are decoded once for training and evaluation.
        part: Fraction of the images that an epoch uses, drawn anew each epoch, in (0, 1].
        optimiser: ``"adamw"``, or ``"sgd"`` with a momentum of 0.9.
        schedule: The rate after the warm-up: ``"cosine"``, or ``"steps"``, which divides it by ten at each
            of ``drops``.
        drops: Shares of all steps at which the schedule ``"steps"`` divides the rate, in (0, 1).
    """

    input_size: int
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
    views: int = MAX_VIEWS
    balance: str = "none"
    margin: bool = True
    part: float = 1.0
    optimiser: str = "adamw"
    schedule: str = "cosine"
    drops: tuple[float, ...] = (0.3, 0.6, 0.9)

    @classmethod
    def from_params(cls, params: Params, **fixed: Any) -> Recipe:
        """Return the recipe with a trial's settings and a strategy's ``fixed`` ones.

        Each setting sets the field with its name, and ``image_size`` sets ``input_size``. Other settings are
        ignored.
        """
        names = {each.name for each in fields(cls)}
        chosen = {name: value for name, value in params.items() if name in names}
        return cls(input_size=params["image_size"], **chosen, **fixed)
