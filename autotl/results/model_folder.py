"""Write and open the model a run leaves behind: a stock timm folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import nn

from autotl import jsonio
from autotl.api import Backbone, DataConfig
from autotl.backbone import ensemble_advice, is_ensemble, read_config
from autotl.disk import filled
from autotl.errors import RunError
from autotl.vision import timm


@dataclass(frozen=True, slots=True)
class Opened:
    """A model folder, opened: the network in eval mode, what it wants to see, and its classes."""

    model: nn.Module
    config: DataConfig
    classes: tuple[str, ...]


def write_model(
    folder: Path, model: nn.Module, backbone: Backbone, classes: Sequence[str], *, side: int
) -> None:
    """Replace ``folder`` by a timm folder that ``timm.create_model("local-dir:FOLDER", pretrained=True)``
    opens.

    It carries the image size the model was trained at and its class names. The new folder is complete before
    the old one goes.
    """
    with replacing(folder) as fresh:
        write_network(fresh, model, backbone, classes, side=side)


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Gives a place to make a folder in, which takes the place of ``folder`` when it is complete."""
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    yield fresh
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def write_network(
    folder: Path, model: nn.Module, backbone: Backbone, classes: Sequence[str], *, side: int
) -> None:
    """Write one network into a new ``folder``."""
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    size = sum(value.numel() * value.element_size() for value in state.values())
    with filled(folder / "model.safetensors", size) as temporary:
        save_file(state, temporary, {"format": "pt"})
    cfg = dict(getattr(model, "pretrained_cfg", None) or {})
    config = backbone.config
    kept = {
        name: cfg[name]
        for name in ("first_conv", "classifier", "license", "fixed_input_size")
        if cfg.get(name) is not None
    }
    jsonio.write(
        folder / "config.json",
        {
            "architecture": backbone.architecture,
            "num_classes": len(classes),
            "num_features": backbone.features,
            "label_names": list(classes),
            "model_args": _model_args(backbone),
            "pretrained_cfg": {
                **kept,
                "tag": "autotl",
                "custom_load": False,
                "input_size": [3, side, side],
                "mean": list(config.mean),
                "std": list(config.std),
                "interpolation": config.interpolation,
                "crop_pct": config.crop_pct,
                "crop_mode": config.crop_mode,
                "num_classes": len(classes),
            },
        },
    )


def _model_args(backbone: Backbone) -> dict[str, Any]:
    """What the architecture's name alone does not say, such as padding or widths."""
    folder = backbone.weights.folder
    if folder is None:
        return dict(backbone.weights.args)
    return dict(read_config(folder).get("model_args") or {})


def open_model(folder: Path) -> Opened:
    """Open a folder written by :func:`write_model`. Raises RunError where it is not one, or holds several
    networks.
    """
    if is_ensemble(folder):
        raise RunError(f"One network is needed here, and {ensemble_advice(folder)}")
    config_file, weights = folder / "config.json", folder / "model.safetensors"
    if not config_file.is_file() or not weights.is_file():
        raise RunError(
            f"{folder} holds no model: config.json and model.safetensors are expected there. "
            f"Give a run folder (the --out of 'autotl fit') or its model/ folder."
        )
    try:
        document = jsonio.read(config_file)
        cfg = document["pretrained_cfg"]
        classes = tuple(document["label_names"])
        config = DataConfig(
            side=int(cfg["input_size"][-1]),
            mean=tuple(cfg["mean"]),
            std=tuple(cfg["std"]),
            interpolation=cfg["interpolation"],
            crop_pct=float(cfg["crop_pct"]),
            crop_mode=cfg.get("crop_mode", "center"),
            fixed=bool(cfg.get("fixed_input_size", False)),
        )
        model = timm.create_model(f"local-dir:{folder}", pretrained=True)
    except Exception as error:  # a folder edited by hand can break timm in many ways
        raise RunError(f"The model in {folder} cannot be opened: {type(error).__name__}: {error}") from error
    return Opened(model.eval(), config, classes)
