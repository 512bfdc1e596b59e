"""Training: the one loop, its recipe, augmentation, metrics, devices and precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.train.allocator import freed_memory_kept
    from autotl.train.augment import AUGMENTATIONS, augment, augmentation
    from autotl.train.balance import BALANCES, balances, class_weights
    from autotl.train.cross_probe import cross_logits
    from autotl.train.device import autocast, check_processes, machine, pick_device, place, precision
    from autotl.train.forward import in_batches, logits_of
    from autotl.train.global_state import global_state_kept
    from autotl.train.heads import Heads, fit_heads
    from autotl.train.learn import Diverged
    from autotl.train.looked import LOOKED, PROBE
    from autotl.train.loop import Training
    from autotl.train.metrics import METRICS
    from autotl.train.normalise import Normalise
    from autotl.train.own_metric import OwnMetric, check_defined, check_metric, metric, reference
    from autotl.train.pieces import at_once, pieces_of
    from autotl.train.recipe import (
        VALIDATION_SHARE,
        VIEWS,
        Recipe,
        affordable,
        affordable_side,
        affordable_sides,
        epoch_seconds,
        head_seconds,
        training_seconds,
    )
    from autotl.train.scaling import fit_temperature, surprise
    from autotl.train.scoring import Metric, shares
    from autotl.train.softmax import log_softmax, softmax

__all__ = [
    "AUGMENTATIONS",
    "BALANCES",
    "LOOKED",
    "METRICS",
    "PROBE",
    "VALIDATION_SHARE",
    "VIEWS",
    "Diverged",
    "Heads",
    "Metric",
    "Normalise",
    "OwnMetric",
    "Recipe",
    "Training",
    "affordable",
    "affordable_side",
    "affordable_sides",
    "at_once",
    "augment",
    "augmentation",
    "autocast",
    "balances",
    "check_defined",
    "check_metric",
    "check_processes",
    "class_weights",
    "cross_logits",
    "epoch_seconds",
    "fit_heads",
    "fit_temperature",
    "freed_memory_kept",
    "global_state_kept",
    "head_seconds",
    "in_batches",
    "log_softmax",
    "logits_of",
    "machine",
    "metric",
    "pick_device",
    "pieces_of",
    "place",
    "precision",
    "reference",
    "shares",
    "softmax",
    "surprise",
    "training_seconds",
]

lazy_package(__name__)
