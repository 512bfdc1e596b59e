"""Pretrained networks: finding, creating, cutting, freezing, describing and comparing them."""

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
    from autotl.backbone.describe import data_config, describe
    from autotl.backbone.ensemble_folder import ENSEMBLE_FILE, MEMBERS, ensemble_advice, is_ensemble
    from autotl.backbone.find import candidates, find, first_available
    from autotl.backbone.forward_pass import native_size
    from autotl.backbone.freeze import Frozen, Norm, freeze
    from autotl.backbone.head import (
        can_scale,
        classifier_of,
        ends_linear,
        heads,
        new_head,
        pooled,
        scale_head,
        set_head,
    )
    from autotl.backbone.image_size import Workload, input_sizes_of
    from autotl.backbone.modes import temporary_mode
    from autotl.backbone.reference.batchnorm_layers import (
        BatchNormLayer,
        Moments,
        batchnorm_layers,
        first_departed_layer,
        layer_similarity,
        moment_extractor,
        split_moments,
    )
    from autotl.backbone.reference.calibrated_similarity import calibrated_similarity
    from autotl.backbone.reference.statistics import (
        batchnorm_inputs,
        batchnorm_reference,
        build_reference,
        load_reference,
        save_reference,
    )
    from autotl.backbone.speed.example_inputs import example_inputs
    from autotl.backbone.speed.latency import latency_of
    from autotl.backbone.stages import Layout, layout, parameters_up_to, stages_of

__all__ = [
    "CONFIG_FILE",
    "ENSEMBLE_FILE",
    "HEAD",
    "MEMBERS",
    "REFERENCE_FILE",
    "WEIGHTS_FILE",
    "BatchNormLayer",
    "Cuts",
    "Frozen",
    "Layout",
    "Moments",
    "Norm",
    "Workload",
    "batchnorm_inputs",
    "batchnorm_layers",
    "batchnorm_reference",
    "build_reference",
    "calibrated_similarity",
    "can_scale",
    "candidates",
    "check_config",
    "check_values",
    "classifier_of",
    "create",
    "cut",
    "data_config",
    "describe",
    "ends_linear",
    "ensemble_advice",
    "example_inputs",
    "find",
    "first_available",
    "first_departed_layer",
    "freeze",
    "heads",
    "input_sizes_of",
    "is_ensemble",
    "latency_of",
    "layer_similarity",
    "layout",
    "load_reference",
    "match_classes",
    "moment_extractor",
    "native_size",
    "new_head",
    "parameters_up_to",
    "pooled",
    "read_config",
    "safe_file",
    "save_reference",
    "scale_head",
    "set_head",
    "split_moments",
    "stages_of",
    "temporary_mode",
    "weights_file",
]

lazy_package(__name__)
