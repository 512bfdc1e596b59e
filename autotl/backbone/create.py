"""Make the stock timm model that a backbone's weights describe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl import jsonio
from autotl.api import Weights
from autotl.backbone import hub
from autotl.backbone.checks import BROKEN, check_model_args, check_values, gist
from autotl.backbone.ensemble_folder import ensemble_advice, is_ensemble
from autotl.errors import WeightsError
from autotl.importing.lazy import lazy_module
from autotl.importing.vision import timm

if TYPE_CHECKING:
    import torch
    from torch import nn
else:  # folders are looked at where torch is not yet needed
    torch = lazy_module("torch")

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
REFERENCE_FILE = "reference.safetensors"


def create(
    weights: Weights, *, classes: int | None = None, pretrained: bool = True, seed: int = 0
) -> nn.Module:
    """A stock timm model on the CPU: with its source head, with none (``classes=0``), or with a new zero
    head.

    With ``pretrained=False`` it is initialised from ``seed`` as timm does for training from scratch. The
    global random state is left alone either way. Raises :class:`WeightsError` where the weights are missing,
    damaged, or do not fit their architecture.
    """
    wanted = pretrained and weights.pretrained
    file = _hub_file(weights) if wanted else None
    overlay = {"file": str(file)} if file else _overlay(weights)
    if wanted and weights.folder is not None:
        safe_file(weights.folder)
        read_config(weights.folder)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would also reseed every GPU
        try:
            model: Any = timm.create_model(
                weights.timm_name, pretrained=wanted, pretrained_cfg_overlay=overlay, **weights.args
            )
        except BROKEN as error:
            raise WeightsError(
                f"The weights of {weights.name!r} ({weights.origin}) cannot be loaded: {gist(error)}. "
                "Download or save them again, or choose another backbone."
            ) from error
        if file:  # where the file lay is no fact about the model, and would travel into saved ones
            model.pretrained_cfg["file"] = None
        if wanted:
            check_values(model, weights.name)
        if classes is not None:
            from autotl.backbone.head import new_head

            new_head(model, classes)
    created: nn.Module = model.eval()
    return created


def weights_file(weights: Weights) -> Path | None:
    """The safetensors file the weights are in, where there is one on this machine."""
    if not weights.pretrained:
        return None
    return weights.folder / WEIGHTS_FILE if weights.folder is not None else hub.cached(weights.timm_name)


def safe_file(folder: Path) -> Path:
    """The folder's safetensors file; where there is none, :class:`WeightsError` says what to do."""
    file = folder / WEIGHTS_FILE
    if file.is_file():
        return file
    pickled = sorted(p.name for end in ("*.bin", "*.pth", "*.pt", "*.pth.tar") for p in folder.glob(end))
    if pickled:
        raise WeightsError(
            f"{folder} holds {pickled[0]}, a pickle, and autotl unpickles nothing. Convert it once: load it "
            "with torch.load(..., weights_only=True) and save it with safetensors.torch.save_file as "
            f"{WEIGHTS_FILE}."
        )
    raise WeightsError(
        f"{folder} holds no {WEIGHTS_FILE}. A backbone folder holds {CONFIG_FILE} and {WEIGHTS_FILE}, as "
        "timm.models.save_for_hf writes them with safe_serialization=True."
    )


def read_config(folder: Path) -> dict[str, Any]:
    """The folder's timm configuration, checked to name an architecture that timm has, and arguments of it.

    Raises WeightsError.
    """
    if is_ensemble(folder):
        raise WeightsError(f"A backbone is one network, and {ensemble_advice(folder)}")
    try:
        config: Any = jsonio.read(folder / CONFIG_FILE)
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{folder / CONFIG_FILE} cannot be read: {error}. It must be timm's JSON."
        ) from error
    architecture = config.get("architecture") if isinstance(config, dict) else None
    if not isinstance(architecture, str):
        raise WeightsError(
            f'{folder / CONFIG_FILE} names no "architecture". Save the model with timm\'s save_for_hf.'
        )
    if not timm.is_model(architecture):
        raise WeightsError(
            f"{folder / CONFIG_FILE} asks for the architecture {architecture!r}, which timm "
            f"{timm.__version__} does not have. Install the timm it was saved with."
        )
    check_model_args(config.get("model_args"), str(folder / CONFIG_FILE))
    return dict(config)


def _overlay(weights: Weights) -> dict[str, Any] | None:
    """How the images are wanted, as timm's configuration; None if timm's own holds."""
    config = weights.config
    if config is None:
        return None
    return {
        "input_size": (3, config.side, config.side),
        "mean": config.mean,
        "std": config.std,
        "interpolation": config.interpolation,
        "crop_pct": config.crop_pct,
        "crop_mode": config.crop_mode,
        "fixed_input_size": config.fixed,
    }


def _hub_file(weights: Weights) -> Path | None:
    # timm would ask the hub on every load, and retry for most of a minute when offline: hand it the file.
    if weights.folder is not None or hub.address(weights.timm_name) is None:
        return None
    return hub.fetch(weights.timm_name)
