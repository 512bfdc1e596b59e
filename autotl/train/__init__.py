"""Training: the one loop, its recipe, augmentation, metrics, devices and precision."""

from autotl.train.allocator import keep_freed_memory
from autotl.train.augment import AUGMENTATIONS, augment, augmentation
from autotl.train.device import autocast, machine, pick_device, place, precision
from autotl.train.forward import in_batches, logits_of
from autotl.train.linear import logistic_regression
from autotl.train.loop import Diverged, Training
from autotl.train.metrics import METRICS, metric
from autotl.train.recipe import (
    VIEWS,
    Recipe,
    affordable,
    affordable_side,
    affordable_sides,
    epoch_seconds,
    training_seconds,
)

__all__ = [
    "AUGMENTATIONS",
    "METRICS",
    "VIEWS",
    "Diverged",
    "Recipe",
    "Training",
    "affordable",
    "affordable_side",
    "affordable_sides",
    "augment",
    "augmentation",
    "autocast",
    "epoch_seconds",
    "in_batches",
    "keep_freed_memory",
    "logistic_regression",
    "logits_of",
    "machine",
    "metric",
    "pick_device",
    "place",
    "precision",
    "training_seconds",
]
