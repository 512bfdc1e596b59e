"""A pretrained network: found, made, divided into stages, frozen, described and compared with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.backbone.checks import check_config, check_values
    from autotl.backbone.class_names import match_classes
    from autotl.backbone.create import (
        CONFIG_FILE,
        REFERENCE_FILE,
        WEIGHTS_FILE,
        create,
        read_config,
        safe_file,
        weights_file,
    )
    from autotl.backbone.cut import HEAD, Cuts, cut
    from autotl.backbone.describe import data_config, describe, sides_of
    from autotl.backbone.ensemble_folder import ENSEMBLE_FILE, MEMBERS, ensemble_advice, is_ensemble
    from autotl.backbone.find import candidates, find
    from autotl.backbone.freeze import Frozen, freeze
    from autotl.backbone.head import classifier_of, ends_linear, heads, new_head, pooled, scale_head, set_head
    from autotl.backbone.modes import mode
    from autotl.backbone.reference.batchnorm_layers import (
        Layer,
        Moments,
        as_moments,
        departure,
        layer_likeness,
        moments_of,
        normalised_layers,
    )
    from autotl.backbone.reference.calibrated_similarity import likeness
    from autotl.backbone.reference.statistics import (
        batchnorm_reference,
        batchnorm_rows,
        build_reference,
        load_reference,
        noise_pixels,
        save_reference,
    )
    from autotl.backbone.speed.latency import latency_of
    from autotl.backbone.stages import Layout, layout, native_side, parameters_up_to, stages_of

__all__ = [
    "CONFIG_FILE",
    "ENSEMBLE_FILE",
    "HEAD",
    "MEMBERS",
    "REFERENCE_FILE",
    "WEIGHTS_FILE",
    "Cuts",
    "Frozen",
    "Layer",
    "Layout",
    "Moments",
    "as_moments",
    "batchnorm_reference",
    "batchnorm_rows",
    "build_reference",
    "candidates",
    "check_config",
    "check_values",
    "classifier_of",
    "create",
    "cut",
    "data_config",
    "departure",
    "describe",
    "ends_linear",
    "ensemble_advice",
    "find",
    "freeze",
    "heads",
    "is_ensemble",
    "latency_of",
    "layer_likeness",
    "layout",
    "likeness",
    "load_reference",
    "match_classes",
    "mode",
    "moments_of",
    "native_side",
    "new_head",
    "noise_pixels",
    "normalised_layers",
    "parameters_up_to",
    "pooled",
    "read_config",
    "safe_file",
    "save_reference",
    "scale_head",
    "set_head",
    "sides_of",
    "stages_of",
    "weights_file",
]

lazy_package(__name__)
