"""All that a strategy plugin may use besides :mod:`autotl.api`.

Names of this package and of ``autotl.api`` keep their meaning within a version of the plugin API
(``autotl.api.VERSION``). Everything else is private.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.backbone import (
        classifier_of,
        freeze,
        heads,
        layout,
        match_classes,
        new_head,
        pooled,
        set_head,
    )
    from autotl.data import ReadInput, assemble
    from autotl.toolbox.declared import DeclaredStrategy
    from autotl.toolbox.epoch import train_epoch
    from autotl.toolbox.function import strategy
    from autotl.toolbox.linear import fit_linear_head
    from autotl.toolbox.settings import Choice, Chosen, Epochs, Float, InputSize, Int, Setting
    from autotl.training import (
        AUGMENTATIONS,
        BALANCES,
        MAX_VIEWS,
        PROBE,
        PROBE_SETTINGS,
        VALIDATION_SHARE,
        Phase,
        PhasedTraining,
        Recipe,
        StartingPoint,
        Teacher,
        Training,
        affordable_epochs,
        affordable_size,
        affordable_sizes,
        augment,
        balance_options,
        class_weights,
        epoch_seconds,
        feature_seconds,
        fit_heads,
        get_augmentation,
        head_seconds,
        predict_outputs,
        probe_seconds,
        training_seconds,
    )

__all__ = [
    "AUGMENTATIONS",
    "BALANCES",
    "MAX_VIEWS",
    "PROBE",
    "PROBE_SETTINGS",
    "VALIDATION_SHARE",
    "Choice",
    "Chosen",
    "DeclaredStrategy",
    "Epochs",
    "Float",
    "InputSize",
    "Int",
    "Phase",
    "PhasedTraining",
    "ReadInput",
    "Recipe",
    "Setting",
    "StartingPoint",
    "Teacher",
    "Training",
    "affordable_epochs",
    "affordable_size",
    "affordable_sizes",
    "assemble",
    "augment",
    "balance_options",
    "class_weights",
    "classifier_of",
    "epoch_seconds",
    "feature_seconds",
    "fit_heads",
    "fit_linear_head",
    "freeze",
    "get_augmentation",
    "head_seconds",
    "heads",
    "layout",
    "match_classes",
    "new_head",
    "pooled",
    "predict_outputs",
    "probe_seconds",
    "set_head",
    "strategy",
    "train_epoch",
    "training_seconds",
]

lazy_package(__name__)
