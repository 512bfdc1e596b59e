"""Train networks: the loop, its recipe, augmentation, linear heads and devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.modalities.image.normalise import Normalise
    from autotl.training.augment import AUGMENTATIONS, augment, get_augmentation, usual_augmentation
    from autotl.training.batches import CachedBatches, ImageBatches
    from autotl.training.class_balance import (
        BALANCES,
        balance_options,
        class_weights,
        epoch_order,
        label_weights,
        row_weights,
    )
    from autotl.training.cost import (
        affordable_epochs,
        affordable_size,
        affordable_sizes,
        epoch_seconds,
        feature_seconds,
        fit_epochs,
        head_seconds,
        probe_seconds,
        step_seconds,
        training_seconds,
    )
    from autotl.training.inference import forward_in_batches, predict_outputs
    from autotl.training.linear_heads.cross_val import out_of_fold_logits
    from autotl.training.linear_heads.fit import fit_heads
    from autotl.training.linear_heads.ridge import fit_ridge
    from autotl.training.loop import Diverged
    from autotl.training.loss.distillation import Teacher
    from autotl.training.machine.compiled import AdaptiveForward
    from autotl.training.machine.device import (
        autocast,
        check_processes,
        pick_device,
        precision,
        this_machine,
        to_device,
    )
    from autotl.training.machine.global_state import preserve_global_state
    from autotl.training.machine.malloc import keep_freed_memory
    from autotl.training.machine.microbatch import (
        microbatch_count,
        microbatch_size,
        retry_in_microbatches,
    )
    from autotl.training.phases import Phase, PhasedTraining
    from autotl.training.probe_settings import DEFAULT_C, PROBE, PROBE_SETTINGS
    from autotl.training.recipe import MAX_VIEWS, VALIDATION_SHARE, Recipe
    from autotl.training.trainer import Training
    from autotl.training.update.starting_point import StartingPoint

__all__ = [
    "AUGMENTATIONS",
    "BALANCES",
    "DEFAULT_C",
    "MAX_VIEWS",
    "PROBE",
    "PROBE_SETTINGS",
    "VALIDATION_SHARE",
    "AdaptiveForward",
    "CachedBatches",
    "Diverged",
    "ImageBatches",
    "Normalise",
    "Phase",
    "PhasedTraining",
    "Recipe",
    "StartingPoint",
    "Teacher",
    "Training",
    "affordable_epochs",
    "affordable_size",
    "affordable_sizes",
    "augment",
    "autocast",
    "balance_options",
    "check_processes",
    "class_weights",
    "epoch_order",
    "epoch_seconds",
    "feature_seconds",
    "fit_epochs",
    "fit_heads",
    "fit_ridge",
    "forward_in_batches",
    "get_augmentation",
    "head_seconds",
    "keep_freed_memory",
    "label_weights",
    "microbatch_count",
    "microbatch_size",
    "out_of_fold_logits",
    "pick_device",
    "precision",
    "predict_outputs",
    "preserve_global_state",
    "probe_seconds",
    "retry_in_microbatches",
    "row_weights",
    "step_seconds",
    "this_machine",
    "to_device",
    "training_seconds",
    "usual_augmentation",
]

lazy_package(__name__)
