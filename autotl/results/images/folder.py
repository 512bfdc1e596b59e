"""Write and load the folder of timm's networks for images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from autotl import jsonio
from autotl.api import Backbone, DataConfig, DeliveredNetwork
from autotl.backbone import check_config, read_config
from autotl.importing.vision import timm
from autotl.results.head_files import write_tensors


def write_image_network(folder: Path, network: DeliveredNetwork) -> None:
    """Write the weights and the configuration of a network.

    Args:
        folder: The new folder.
        network: The network, with further entries of the configuration.
    """
    backbone = network.backbone
    write_tensors(folder / "model.safetensors", network.model.state_dict())
    jsonio.write(
        folder / "config.json",
        {
            "architecture": backbone.architecture,
            "num_classes": network.outputs,
            "num_features": backbone.features,
            **network.entries,
            "model_args": _model_args(backbone),
            "pretrained_cfg": _pretrained_cfg(network, backbone.config),
        },
    )


def load_image_network(folder: Path) -> tuple[dict[str, Any], nn.Module, DataConfig]:
    """Return the configuration, the network and its view of images.

    Raises:
        WeightsError: The folder is damaged.
    """
    document = read_config(folder)
    cfg = document["pretrained_cfg"]
    config = DataConfig(
        input_size=int(cfg["input_size"][-1]),
        mean=tuple(map(float, cfg["mean"])),
        std=tuple(map(float, cfg["std"])),
        interpolation=cfg["interpolation"],
        crop_pct=float(cfg["crop_pct"]),
        crop_mode=cfg.get("crop_mode", "center"),
        fixed=bool(cfg.get("fixed_input_size", False)),
    )
    check_config(config, folder.name)
    model: nn.Module = timm.create_model(f"local-dir:{folder}", pretrained=True)
    return document, model, config


def _pretrained_cfg(network: DeliveredNetwork, config: Any) -> dict[str, Any]:
    """Return timm's configuration of the weights.

    Args:
        network: The network.
        config: The configuration of its backbone for images.
    """
    cfg = dict(getattr(network.model, "pretrained_cfg", None) or {})
    kept = {
        name: cfg[name]
        for name in ("first_conv", "classifier", "license", "fixed_input_size")
        if cfg.get(name) is not None
    }
    return {
        **kept,
        "tag": "autotl",
        "custom_load": False,
        "input_size": [3, network.input_size, network.input_size],
        "mean": list(config.mean),
        "std": list(config.std),
        "interpolation": config.interpolation,
        "crop_pct": config.crop_pct,
        "crop_mode": config.crop_mode,
        "num_classes": network.outputs,
    }


def _model_args(backbone: Backbone) -> dict[str, Any]:
    """Return arguments that the architecture's name does not imply."""
    folder = backbone.weights.folder
    if folder is None:
        return dict(backbone.weights.args)
    return dict(read_config(folder).get("model_args") or {})
