"""Describe a backbone: the facts that strategies and reports need."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from autotl.api import Backbone, DataConfig, InputConfig, Pace, SourceClass, Weights
from autotl.backbone.checks import check_classifier, check_config, raising_weights_error
from autotl.backbone.create import create, read_config, weights_file
from autotl.backbone.forward_pass import native_size
from autotl.backbone.head import heads
from autotl.backbone.image_size import Workload, input_sizes_of, largest_affordable
from autotl.backbone.speed.pace import BATCH_SIZE, CPU_BATCH_SIZE, pace_of, typical_pace
from autotl.backbone.stages import layout
from autotl.clock import NEVER, Clock, Deadline
from autotl.errors import WeightsError
from autotl.importing.vision import timm
from autotl.modalities import modality_of

TIMM_DATA: Any = timm.data  # typed in part
PACE_SHARE = 0.2  # of the time left, for measuring the pace of all backbones
LARGE_BATCH_SIZE = 64  # for small networks
_BLOCK_BYTES = 1 << 20


def describe(
    weights: Weights,
    *,
    typical_size: int,
    device: str,
    workload: Workload,
    clock: Clock,
    end: Deadline = NEVER,
    small: bool = False,
) -> Backbone:
    """Open a backbone and return its facts.

    Args:
        weights: The address of the weights.
        typical_size: The typical image size of the data in pixels.
        device: The device of the search, such as ``"cpu"``.
        workload: The images and the budget.
        clock: The clock.
        end: The end of the budget; measuring the pace uses a share of the time until then.
        small: Whether to measure the pace at the smallest size and in large batches, for small networks.

    Raises:
        WeightsError: The weights or their configuration are invalid.
    """
    with raising_weights_error(weights):
        model = create(weights)
        config, found = checked_config(model, weights.name), layout(model)
        check_classifier(model, weights, features=found.features)
        digest, classes = digest_of(weights, model), source_classes(weights, model)
        input_sizes = input_sizes_of(config, typical_size)
        # at the smallest size, fixed costs would make the larger sizes look slower than they are
        pace_size = input_sizes[0] if small else input_sizes[len(input_sizes) // 2]
        power = modality_of(config).cost_power
        if workload.seconds is None:
            pace = typical_pace(found.flops, pace_size, native=native_size(model), device=device, power=power)
        else:
            pace_end = end.share(PACE_SHARE / workload.backbones)
            pace = _measure_pace(model.to(device), pace_size, clock, pace_end, small=small)
        return Backbone(
            name=weights.name,
            architecture=_architecture(model),
            origin=weights.origin,
            digest=digest,
            weights=weights,
            stages=found.stages,
            features=found.features,
            parameters=sum(value.numel() for value in model.parameters()),
            vectors=_vectors(model),
            config=config,
            classes=classes,
            input_sizes=input_sizes,
            input_size=largest_affordable(input_sizes, pace, workload),
            pace=replace(pace, power=power),
        )


def checked_config(model: nn.Module, name: str) -> InputConfig:
    """Return a model's form of inputs. Raises WeightsError if it is invalid."""
    config = input_config(model)
    if isinstance(config, DataConfig):
        check_config(config, name)
    return config


def input_config(model: nn.Module) -> InputConfig:
    """Return a model's form of inputs: its own, or by timm's rules."""
    own: InputConfig | None = getattr(model, "input_config", None)
    return data_config(model) if own is None else own


def data_config(model: nn.Module) -> DataConfig:
    """Return the data configuration of a model's weights, by timm's rules."""
    stock: Any = model
    found = TIMM_DATA.resolve_model_data_config(model)
    return DataConfig(
        input_size=int(found["input_size"][-1]),
        mean=tuple(float(v) for v in found["mean"]),
        std=tuple(float(v) for v in found["std"]),
        interpolation=str(found["interpolation"]),
        crop_pct=float(found["crop_pct"]),
        crop_mode=str(found["crop_mode"]),
        # folders of older versions of timm lack the field, but the patch embedding enforces it
        fixed=bool(
            stock.pretrained_cfg.get("fixed_input_size")
            or getattr(getattr(stock, "patch_embed", None), "strict_img_size", False)
        ),
    )


def source_classes(weights: Weights, model: nn.Module) -> tuple[SourceClass, ...]:
    """Return the classes of the source head, in order.

    Each has all its names. The result is empty if they are unknown, or if the outputs are numbers.
    """
    if not isinstance(input_config(model), DataConfig):
        return ()
    if weights.folder is not None and read_config(weights.folder).get("target") == "regression":
        return ()
    stock: Any = model
    cfg = stock.pretrained_cfg
    labels, descriptions = cfg.get("label_names"), cfg.get("label_descriptions") or {}
    if (
        not labels
        and weights.pretrained
        and weights.folder is None
        and (subset := TIMM_DATA.infer_imagenet_subset(model))
    ):
        info = TIMM_DATA.ImageNetInfo(subset)
        labels, descriptions = info.label_names(), info.label_descriptions(as_dict=True)
    for name, value in (("label_names", labels or ()), ("label_descriptions", descriptions)):
        if not isinstance(value, Mapping | list | tuple):
            raise WeightsError(
                f'"{name}" of {weights.name!r} must hold names of classes (got {value!r}). Correct its '
                "config.json."
            )
    if not labels or len(labels) != int(stock.num_classes):
        return ()
    if not isinstance(descriptions, Mapping):
        descriptions = dict(zip(labels, descriptions, strict=False))
    return tuple(SourceClass(str(label), _names(str(descriptions.get(label) or label))) for label in labels)


def digest_of(weights: Weights, model: nn.Module) -> str:
    """Return a digest of the function that a model computes.

    It covers the weights, the architecture and the normalisation.

    Args:
        weights: The address of the weights.
        model: The model with its weights.
    """
    stock: Any = model
    description = [_architecture(model), getattr(stock, "pretrained_model_args", {}), input_config(model)]
    digest = hashlib.blake2b(json.dumps(description, default=str, sort_keys=True).encode(), digest_size=16)
    file: Path | None = weights_file(weights)
    if file is not None:
        with file.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                digest.update(block)
    elif not weights.pretrained:  # random numbers differ between versions of torch
        shapes = {name: list(value.shape) for name, value in model.state_dict().items()}
        digest.update(json.dumps([weights.args, shapes], default=str, sort_keys=True).encode())
    else:
        for name, value in sorted(model.state_dict().items()):
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _measure_pace(model: nn.Module, input_size: int, clock: Clock, end: Deadline, *, small: bool) -> Pace:
    usual = CPU_BATCH_SIZE if next(model.parameters()).device.type == "cpu" else BATCH_SIZE
    batch = LARGE_BATCH_SIZE if small else usual
    return pace_of(model, input_size=input_size, clock=clock, end=end, batch=batch)


def _vectors(model: nn.Module) -> int:
    """Count the scales, shifts and biases outside the head."""
    head = {id(value) for each in heads(model) for value in each.parameters()}
    return sum(value.numel() for value in model.parameters() if value.ndim <= 1 and id(value) not in head)


def _architecture(model: nn.Module) -> str:
    stock: Any = model
    architecture: str = stock.pretrained_cfg["architecture"]
    return architecture


def _names(description: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in description.split(",") if name.strip())
