"""Check a folder of weights, which a user may have edited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from autotl.api import DataConfig, Weights
from autotl.errors import AutotlError, WeightsError
from autotl.files import is_full

if TYPE_CHECKING:
    from torch import nn

LOADING_ERRORS = (
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
"""The errors of timm, torch and safetensors on a broken folder or file."""
MAX_INPUT_SIZE = 4096
"""The largest image size in pixels; weights are made for far smaller images."""
MAX_CROP_PCT = 4
MAX_MEAN = 1e4
"""The largest mean and standard deviation; float32 loses all differences between pixels at larger values."""
MIN_STD = 1e-4
LOADING_ARGUMENTS = (
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
"""Arguments of timm that control how weights are loaded, not which network is built."""
_SUMMARY_LINES, _SUMMARY_LENGTH = 2, 300


@contextmanager
def raising_weights_error(weights: Weights) -> Iterator[None]:
    """Convert errors of a network or its weights to WeightsError.

    autotl's own errors are raised unchanged.
    """
    try:
        yield
    except AutotlError:
        raise
    except LOADING_ERRORS as error:
        if is_full(error):
            raise
        raise WeightsError(
            f"The weights of {weights.name!r} ({weights.origin}) cannot be used: {error_summary(error)}. "
            "Download or save them again, or choose another backbone."
        ) from error


def error_summary(error: BaseException) -> str:
    """Return the first two lines of an error's message."""
    lines = [line.strip().rstrip(".") for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:_SUMMARY_LINES])[:_SUMMARY_LENGTH] or type(error).__name__


def check_model_args(args: Any, file: str) -> None:
    """Check the arguments of a network.

    Args:
        args: The value of ``model_args``.
        file: The file that holds it, for errors.

    Raises:
        WeightsError: The arguments are no mapping, control loading, or have a dropout rate outside [0, 1).
    """
    if args is None:
        return
    if not isinstance(args, Mapping):
        raise WeightsError(
            f'"model_args" in {file} must be an object (got {args!r}). Correct it, or remove it.'
        )
    for name, value in args.items():
        if name in LOADING_ARGUMENTS and not (name == "pretrained_strict" and value is True):
            raise WeightsError(
                f'"model_args" in {file} must describe the network (got {name}={value!r}, which controls '
                "how weights are loaded). Remove it."
            )
        if "drop" in name and isinstance(value, int | float) and value is not True and not 0 <= value < 1:
            raise WeightsError(
                f'"model_args" in {file} must have {name} in [0, 1) (got {value!r}). Correct it.'
            )


def check_config(config: DataConfig, name: str) -> None:
    """Check the data configuration of some weights.

    Args:
        config: The data configuration.
        name: The name of the weights, for errors.

    Raises:
        WeightsError: No image can be preprocessed this way.
    """
    has_std = _are_three(config.std) and min(config.std) >= MIN_STD
    rules = [
        (
            "input_size",
            config.input_size,
            1 <= config.input_size <= MAX_INPUT_SIZE,
            f"1 to {MAX_INPUT_SIZE} pixels",
        ),
        ("mean", config.mean, _are_three(config.mean), f"three numbers in [{-MAX_MEAN:g}, {MAX_MEAN:g}]"),
        ("std", config.std, has_std, f"three numbers in [{MIN_STD:g}, {MAX_MEAN:g}]"),
        ("crop_pct", config.crop_pct, 0 < config.crop_pct <= MAX_CROP_PCT, f"in (0, {MAX_CROP_PCT}]"),
    ]
    for field, value, holds, rule in rules:
        if not holds:
            raise WeightsError(
                f"{field} of the weights {name!r} must be {rule} (got {value}). Correct their config.json."
            )


def check_values(model: nn.Module, name: str) -> None:
    """Check that weights are finite and that variances are not negative.

    Args:
        model: The network with its weights.
        name: The name of the weights, for errors.

    Raises:
        WeightsError: A value is invalid.
    """
    for key, value in model.state_dict().items():
        if value.is_floating_point() and not value.isfinite().all():
            raise WeightsError(
                f"The weights {name!r} must be finite (got infinite or NaN values in {key}). "
                "Download or save them again."
            )
        if key.endswith("running_var") and bool((value < 0).any()):
            raise WeightsError(
                f"The variances of the weights {name!r} must not be negative (got some in {key}). "
                "Download or save them again."
            )


def check_classifier(model: nn.Module, weights: Weights, *, features: int) -> None:
    """Check that a classifier fits its configuration and network.

    Args:
        model: The network with its weights.
        weights: The address of the weights.
        features: The width of the pooled features.

    Raises:
        WeightsError: The number of classes or of input features differs.
    """
    from autotl.backbone.head import Classifier, heads

    stock: Any = model
    classes = (stock.pretrained_cfg or {}).get("num_classes")
    if weights.folder is None:
        return
    if classes is not None and classes != stock.num_classes:
        raise WeightsError(
            f"num_classes of {weights.name!r} must be the same for the network and its weights (got "
            f"{stock.num_classes} and {classes}). Correct num_classes in its config.json."
        )
    for head in heads(model):
        if isinstance(head, Classifier) and head.weight[0].numel() != features:
            raise WeightsError(
                f"The classifier of {weights.name!r} must take the {features} features of the network (got "
                f"{head.weight[0].numel()}). Correct model_args in its config.json, such as global_pool."
            )


def _are_three(values: tuple[float, ...]) -> bool:
    return len(values) == 3 and all(abs(value) <= MAX_MEAN for value in values)  # False for NaN
