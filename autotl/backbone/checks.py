"""Check what a folder of weights says, which a person may have edited, and what its weights hold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from autotl.api import DataConfig, Weights
from autotl.errors import AutotlError, WeightsError
from autotl.files import is_full

if TYPE_CHECKING:
    from torch import nn

# The errors of timm, torch and safetensors on a broken folder or file.
BROKEN = (
    RuntimeError,
    ValueError,
    LookupError,
    ArithmeticError,
    TypeError,
    AttributeError,
    OSError,
    AssertionError,
    MemoryError,
    SafetensorError,
)
MOST_PIXELS = 4096
"""The largest image side in pixels. Weights are made for far smaller ones."""
OF_LOADING = (
    "cache_dir",
    "checkpoint_path",
    "exportable",
    "feature_cfg",
    "features_only",
    "kwargs_filter",
    "pretrained",
    "pretrained_cfg",
    "pretrained_cfg_overlay",
    "pretrained_custom_load",
    "pretrained_filter_fn",
    "pretrained_strict",
    "scriptable",
)
"""Arguments of timm that say how weights are loaded, and not what network they are of."""


@contextmanager
def told_of(weights: Weights) -> Iterator[None]:
    """Turn what a network or its weights raise into WeightsError, but for autotl's own errors."""
    try:
        yield
    except AutotlError:
        raise
    except BROKEN as error:
        if is_full(error):
            raise
        raise WeightsError(
            f"The weights of {weights.name!r} ({weights.origin}) cannot be used: {gist(error)}. "
            "Download or save them again, or choose another backbone."
        ) from error


def gist(error: BaseException) -> str:
    """The first lines of an error's message."""
    lines = [line.strip().rstrip(".") for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2])[:300] or type(error).__name__


def check_model_args(args: Any, of: str) -> None:
    """Raise WeightsError where the arguments of a network, in the file ``of``, are not that."""
    if args is None:
        return
    if not isinstance(args, Mapping):
        raise WeightsError(f'"model_args" in {of} is {args!r}, and arguments by name are expected.')
    for name, value in args.items():
        if name in OF_LOADING and not (name == "pretrained_strict" and value is True):
            raise WeightsError(
                f'"model_args" in {of} has {name}={value!r}, which says how weights are loaded, and not what '
                "network they are of. Remove it."
            )
        if "drop" in name and isinstance(value, int | float) and value is not True and not 0 <= value < 1:
            raise WeightsError(
                f'"model_args" in {of} has {name}={value!r}, and a share from 0 to below 1 is expected.'
            )


def check_config(config: DataConfig, name: str) -> None:
    """Raise WeightsError where no image can be shown as the weights called ``name`` want it."""
    faults = [
        (f"images of {config.side} pixels", 1 <= config.side <= MOST_PIXELS, f"1 to {MOST_PIXELS}"),
        (f"the mean {config.mean}", _are_three(config.mean), "three finite numbers"),
        (
            f"the standard deviation {config.std}",
            _are_three(config.std) and min(config.std) > 0,
            "three numbers above 0",
        ),
        (f"crops of {config.crop_pct}", 0 < config.crop_pct <= 4, "a share above 0"),
    ]
    for what, holds, expected in faults:
        if not holds:
            raise WeightsError(f"The weights of {name!r} want {what}, and expected is {expected}.")


def _are_three(values: tuple[float, ...]) -> bool:
    return len(values) == 3 and all(math.isfinite(each) for each in values)


def check_values(model: nn.Module, name: str) -> None:
    """Raise WeightsError where weights are not finite, or a variance is negative."""
    for part, value in model.state_dict().items():
        if value.is_floating_point() and not value.isfinite().all():
            raise WeightsError(
                f"The weights of {name!r} are damaged: {part} holds values that are not finite."
            )
        if part.endswith("running_var") and bool((value < 0).any()):
            raise WeightsError(f"The weights of {name!r} are damaged: {part} holds negative variances.")


def check_classifier(model: nn.Module, weights: Weights, *, features: int) -> None:
    """Raise WeightsError where a folder's classifier is not of its file, or does not see ``features``."""
    from autotl.backbone.head import Classifier, heads

    stock: Any = model
    said = (stock.pretrained_cfg or {}).get("num_classes")
    if weights.folder is None:
        return
    if said is not None and said != stock.num_classes:
        raise WeightsError(
            f"The network of {weights.name!r} has {stock.num_classes} classes, and its weights are "
            f"of {said}. Correct num_classes in its config.json."
        )
    for head in heads(model):
        if isinstance(head, Classifier) and head.weight[0].numel() != features:
            raise WeightsError(
                f"The classifier of {weights.name!r} takes {head.weight[0].numel()} features, and the "
                f"network gives {features}. Correct model_args in its config.json, such as global_pool."
            )
