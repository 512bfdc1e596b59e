"""Open a backbone once and write down the facts that strategies and reports need."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from autotl.api import Backbone, DataConfig, SourceClass, Weights
from autotl.backbone.checks import check_classifier, check_config, told_of
from autotl.backbone.create import create, weights_file
from autotl.backbone.speed.pace import BATCH, pace_of, usual_pace
from autotl.backbone.stages import layout, native_side
from autotl.clock import NEVER, Clock, Deadline
from autotl.errors import WeightsError
from autotl.importing.vision import timm

TIMM_DATA: Any = timm.data  # it is typed in part
LARGEST_ENLARGEMENT = 8  # times the images' own side: beyond that, more pixels show nothing more
SHARE_OF_BUDGET = 0.15  # of the seconds, for one pass of all backbones over all images: detail pays
SHARE_OF_PACE = 0.2  # of the time left, for measuring the pace of all backbones
LARGE_BATCH = 64  # images that a small network takes at once in training
SHARE_OF_ONE = 0.08  # of the seconds, for the same of each backbone, however many there are


def describe(
    weights: Weights,
    *,
    side: int,
    device: str,
    seconds: float | None,
    images: int,
    clock: Clock,
    among: int = 1,
    end: Deadline = NEVER,
    small: bool = False,
) -> Backbone:
    """The facts of a backbone for data whose images are about ``side`` pixels.

    ``seconds`` is the budget of the whole search, ``images`` how many there are and ``among`` how many
    backbones look at them: they decide which image size is recommended, by the pace measured on this machine.
    The measurement keeps to its share of the time until ``end``, the end of the budget.
    None is a search that is not limited by time: its pace is the usual one, so that the same seed gives the
    same search. The pace of a ``small`` network is measured at the smallest size in large batches.

    Raises WeightsError where the weights, or what their folder says of them, are not what they have to be.
    """
    with told_of(weights):
        return _described(
            weights,
            side=side,
            device=device,
            seconds=seconds,
            images=images,
            clock=clock,
            among=among,
            end=end,
            small=small,
        )


def _described(
    weights: Weights,
    *,
    side: int,
    device: str,
    seconds: float | None,
    images: int,
    clock: Clock,
    among: int,
    end: Deadline,
    small: bool,
) -> Backbone:
    model = create(weights)
    config = data_config(model)
    check_config(config, weights.name)
    found = layout(model)
    check_classifier(model, weights, features=found.features)
    digest = digest_of(weights, model)
    classes = source_classes(weights, model)
    parameters = sum(p.numel() for p in model.parameters())
    stock: Any = model
    sides = sides_of(config, side)
    # in the middle: at the smallest size, fixed costs would make the larger ones look slower than they are
    middle = sides[0] if small else sides[len(sides) // 2]
    if seconds is None:
        pace = usual_pace(found.flops, native=native_side(model), side=middle, device=device)
    else:
        share = SHARE_OF_PACE / among
        batch = LARGE_BATCH if small else BATCH
        pace = pace_of(model.to(device), side=middle, clock=clock, end=end.share(share), batch=batch)
    share = max(SHARE_OF_BUDGET / among, SHARE_OF_ONE)
    affordable = [s for s in sides if seconds is None or pace.seconds(images, side=s) <= share * seconds]
    return Backbone(
        name=weights.name,
        architecture=stock.pretrained_cfg["architecture"],
        origin=weights.origin,
        digest=digest,
        weights=weights,
        stages=found.stages,
        features=found.features,
        parameters=parameters,
        config=config,
        classes=classes,
        sides=sides,
        side=max(affordable, default=sides[0]),
        pace=pace,
    )


def data_config(model: nn.Module) -> DataConfig:
    """How the model's weights want their images, by timm's rules."""
    stock: Any = model
    found = TIMM_DATA.resolve_model_data_config(model)
    return DataConfig(
        side=int(found["input_size"][-1]),
        mean=tuple(float(v) for v in found["mean"]),
        std=tuple(float(v) for v in found["std"]),
        interpolation=str(found["interpolation"]),
        crop_pct=float(found["crop_pct"]),
        crop_mode=str(found["crop_mode"]),
        # folders saved by older timm do not say it, but the model's own patch embedding insists
        fixed=bool(
            stock.pretrained_cfg.get("fixed_input_size")
            or getattr(getattr(stock, "patch_embed", None), "strict_img_size", False)
        ),
    )


def sides_of(config: DataConfig, side: int) -> tuple[int, ...]:
    """Image sizes worth trying, ascending up to the native size, none much above the data's own ``side``."""
    if config.fixed:
        return (config.side,)
    step = 32 if config.side >= 96 else 16
    steps = {max(round(config.side * k / 7 / step), 1) * step for k in (3, 4, 5)}
    every = sorted({s for s in steps if s < config.side} | {config.side})
    return tuple(s for s in every if s <= LARGEST_ENLARGEMENT * side) or (every[0],)


def source_classes(weights: Weights, model: nn.Module) -> tuple[SourceClass, ...]:
    """The classes of the source head, in order, each with every name it goes by; none where unknown."""
    stock: Any = model
    cfg = stock.pretrained_cfg
    count = int(stock.num_classes)
    labels, descriptions = cfg.get("label_names"), cfg.get("label_descriptions") or {}
    if (
        not labels
        and weights.pretrained
        and weights.folder is None
        and (subset := TIMM_DATA.infer_imagenet_subset(model))
    ):
        info = TIMM_DATA.ImageNetInfo(subset)
        labels, descriptions = info.label_names(), info.label_descriptions(as_dict=True)
    for name, said in (("label_names", labels or ()), ("label_descriptions", descriptions)):
        if not isinstance(said, Mapping | list | tuple):
            raise WeightsError(
                f'"{name}" of {weights.name!r} is {said!r}, and names of its classes are expected. Correct '
                "its config.json."
            )
    if not labels or len(labels) != count:
        return ()
    if not isinstance(descriptions, Mapping):
        descriptions = dict(zip(labels, descriptions, strict=False))
    return tuple(SourceClass(str(label), _names(str(descriptions.get(label) or label))) for label in labels)


def digest_of(weights: Weights, model: nn.Module) -> str:
    """Names the function a pretrained model computes: its weights, architecture and normalisation."""
    stock: Any = model
    said = [
        stock.pretrained_cfg["architecture"],
        getattr(stock, "pretrained_model_args", {}),
        data_config(model),
    ]
    digest = hashlib.blake2b(json.dumps(said, default=str, sort_keys=True).encode(), digest_size=16)
    file: Path | None = weights_file(weights)
    if file is not None:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    elif not weights.pretrained:  # random numbers differ from one version of torch to the next
        shapes = {name: list(value.shape) for name, value in model.state_dict().items()}
        digest.update(json.dumps([weights.args, shapes], default=str, sort_keys=True).encode())
    else:
        for name, value in sorted(model.state_dict().items()):
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _names(description: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in description.split(",") if name.strip())
