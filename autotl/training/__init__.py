"""Training: the loop, its recipe, augmentation and devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.training.augment import AUGMENTATIONS, augment, augmentation
    from autotl.training.class_balance import BALANCES, balances, class_weights
    from autotl.training.inference import in_batches, logits_of
    from autotl.training.linear_heads.cross_val import cross_logits
    from autotl.training.linear_heads.fit import Heads, fit_heads
    from autotl.training.loop import Diverged
    from autotl.training.machine.device import (
        autocast,
        check_processes,
        machine,
        pick_device,
        precision,
        to_device,
    )
    from autotl.training.machine.global_state import global_state_kept
    from autotl.training.machine.malloc import freed_memory_kept
    from autotl.training.machine.microbatch import at_once, pieces_of
    from autotl.training.normalise import Normalise
    from autotl.training.probe_settings import LOOKED, PROBE
    from autotl.training.recipe import (
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
    from autotl.training.trainer import Training

__all__ = [
    "AUGMENTATIONS",
    "BALANCES",
    "LOOKED",
    "PROBE",
    "VALIDATION_SHARE",
    "VIEWS",
    "Diverged",
    "Heads",
    "Normalise",
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
    "check_processes",
    "class_weights",
    "cross_logits",
    "epoch_seconds",
    "fit_heads",
    "freed_memory_kept",
    "global_state_kept",
    "head_seconds",
    "in_batches",
    "logits_of",
    "machine",
    "pick_device",
    "pieces_of",
    "precision",
    "to_device",
    "training_seconds",
]

lazy_package(__name__)
