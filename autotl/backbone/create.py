"""Create the stock timm model of a backbone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl import jsonio
from autotl.api import Weights
from autotl.backbone import hub
from autotl.backbone.checks import LOADING_ERRORS, check_model_args, check_values, error_summary
from autotl.backbone.ensemble_folder import ensemble_advice, is_ensemble
from autotl.errors import WeightsError
from autotl.importing.lazy import lazy_module
from autotl.importing.vision import timm
from autotl.modalities import modality_named

if TYPE_CHECKING:
    import torch
    from torch import nn
else:  # folders are checked in places where torch is not needed yet
    torch = lazy_module("torch")

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
REFERENCE_FILE = "reference.safetensors"
_PICKLE_PATTERNS = ("*.bin", "*.pth", "*.pt", "*.pth.tar")


def create(
    weights: Weights, *, classes: int | None = None, pretrained: bool = True, seed: int = 0
) -> nn.Module:
    """Create a stock model on the CPU, in evaluation mode.

    It is timm's, or that of another modality than images.

    The global random state is not changed.

    Args:
        weights: The address of the weights.
        classes: The number of classes of a new head that outputs zeros; 0 for no head; None for the source
            head.
        pretrained: Whether to load the weights. Otherwise timm initialises the model at random.
        seed: The seed of the random initialisation.

    Raises:
        WeightsError: The weights are missing, damaged, or do not fit their architecture.
    """
    load_weights = pretrained and weights.pretrained
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would also reseed every GPU
        model: Any = modality_named(weights.modality).create(weights, pretrained=load_weights)
        if model is None:
            model = _timm_model(weights, load_weights=load_weights)
        if load_weights:
            check_values(model, weights.name)
        if classes is not None:
            from autotl.backbone.head import new_head

            new_head(model, classes)
    created: nn.Module = model.eval()
    return created


def _timm_model(weights: Weights, *, load_weights: bool) -> Any:
    """Return timm's model of the weights, or one with random weights."""
    file = _hub_file(weights) if load_weights else None
    overlay = {"file": str(file)} if file else _config_overlay(weights)
    if load_weights and weights.folder is not None:
        safe_file(weights.folder)
        read_config(weights.folder)
    try:
        model: Any = timm.create_model(
            weights.timm_name, pretrained=load_weights, pretrained_cfg_overlay=overlay, **weights.args
        )
    except LOADING_ERRORS as error:
        raise WeightsError(
            f"The weights of {weights.name!r} ({weights.origin}) cannot be loaded: "
            f"{error_summary(error)}. Download or save them again, or choose another backbone."
        ) from error
    if file:  # the local path is no property of the model, and must not be saved with it
        model.pretrained_cfg["file"] = None
    return model


def weights_file(weights: Weights) -> Path | None:
    """Return the local safetensors file of some weights, or None."""
    if not weights.pretrained:
        return None
    return weights.folder / WEIGHTS_FILE if weights.folder is not None else hub.cached(weights.timm_name)


def safe_file(folder: Path) -> Path:
    """Return the safetensors file of a folder.

    It raises WeightsError if there is none.
    """
    file = folder / WEIGHTS_FILE
    if file.is_file():
        return file
    pickles = sorted(path.name for pattern in _PICKLE_PATTERNS for path in folder.glob(pattern))
    if pickles:
        raise WeightsError(
            f"{folder} must hold {WEIGHTS_FILE} (got {pickles[0]}, a pickle, which autotl does not load). "
            "Convert it once: load it with torch.load(..., weights_only=True) and save it with "
            f"safetensors.torch.save_file as {WEIGHTS_FILE}."
        )
    raise WeightsError(
        f"{folder} must hold {CONFIG_FILE} and {WEIGHTS_FILE} (got no {WEIGHTS_FILE}). Save the model with "
        "timm.models.save_for_hf and safe_serialization=True."
    )


def read_config(folder: Path) -> dict[str, Any]:
    """Read the timm configuration of a folder.

    Raises:
        WeightsError: The configuration is missing, names no architecture of timm, or has invalid arguments.
    """
    if is_ensemble(folder):
        raise WeightsError(f"A backbone is one network, and {ensemble_advice(folder)}")
    file = folder / CONFIG_FILE
    try:
        config: Any = jsonio.read(file)
    except (OSError, ValueError) as error:
        raise WeightsError(f"{file} cannot be read as JSON: {error}. Save the model again.") from error
    architecture = config.get("architecture") if isinstance(config, dict) else None
    if not isinstance(architecture, str):
        raise WeightsError(
            f'"architecture" in {file} must be a name (got {architecture!r}). '
            "Save the model with timm's save_for_hf."
        )
    if not timm.is_model(architecture):
        raise WeightsError(
            f'"architecture" in {file} must be a model of timm {timm.__version__} (got {architecture!r}). '
            "Install the version of timm that saved it."
        )
    check_model_args(config.get("model_args"), str(file))
    return dict(config)


def _config_overlay(weights: Weights) -> dict[str, Any] | None:
    """Return the data configuration in timm's terms; None to use timm's own."""
    config = weights.config
    if config is None:
        return None
    return {
        "input_size": (3, config.input_size, config.input_size),
        "mean": config.mean,
        "std": config.std,
        "interpolation": config.interpolation,
        "crop_pct": config.crop_pct,
        "crop_mode": config.crop_mode,
        "fixed_input_size": config.fixed,
    }


def _hub_file(weights: Weights) -> Path | None:
    # timm itself would request the hub on every load, and retry for most of a minute when offline
    if weights.folder is not None or hub.address(weights.timm_name) is None:
        return None
    return hub.fetch(weights.timm_name)
