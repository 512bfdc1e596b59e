"""Load a timm model folder with a timm version that cannot read folders."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OTHER_SOURCES = ("url", "hf_hub_id", "hf_hub_filename", "source", "state_dict")
"""Keys of a pretrained_cfg that make timm load weights from elsewhere."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The content of a folder's config.json as arguments of ``timm.create_model``.

    Attributes:
        architecture: Name of the architecture.
        arguments: The folder's ``model_args``, such as padding, which change the features.
        pretrained: The folder's pretrained_cfg, with its weights as the only source.
        weights: The file of weights.
    """

    architecture: str
    arguments: dict[str, Any]
    pretrained: dict[str, Any]
    weights: Path


def read(folder: Path, *, side: int | None) -> Checkpoint:
    """Read the checkpoint in a folder; pickled weights are not supported.

    Args:
        folder: A timm model folder.
        side: Side of the images in pixels; None for that of the pretraining.

    Raises:
        ValueError: If config.json, model.safetensors or the architecture is missing.
    """
    config_file, weights = folder / "config.json", folder / "model.safetensors"
    for file in (config_file, weights):
        if not file.is_file():
            raise ValueError(
                f"{folder} is not a timm model folder that this peer can read: {file.name} is missing."
            )
    return from_config(json.loads(config_file.read_text(encoding="utf-8")), weights, side=side)


def from_config(config: Mapping[str, Any], weights: Path, *, side: int | None) -> Checkpoint:
    """Convert a parsed config.json, in its present form or the older flat form.

    Args:
        config: The content of config.json.
        weights: The file of weights.
        side: Side of the images in pixels; None for that of the pretraining.

    Raises:
        ValueError: If the architecture is missing.
    """
    nested = config.get("pretrained_cfg")
    pretrained = dict(config if nested is None else nested)
    architecture = config.get("architecture") or pretrained.get("architecture")
    if not architecture:
        raise ValueError(f"The config.json of {weights} has no architecture.")
    # the base config takes precedence over pretrained_cfg, as in timm
    if "num_classes" in config:
        pretrained["num_classes"] = config["num_classes"]
    for key in OTHER_SOURCES:
        pretrained.pop(key, None)
    pretrained |= {"file": str(weights), "custom_load": False}
    if side is not None:
        channels = (pretrained.get("input_size") or (3,))[0]
        pretrained["input_size"] = (channels, side, side)
        # timm would use it for validation instead of the side given
        pretrained.pop("test_input_size", None)
    return Checkpoint(
        architecture=str(architecture),
        arguments=dict(config.get("model_args") or {}),
        pretrained=pretrained,
        weights=weights,
    )


def register(checkpoint: Checkpoint, name: str) -> None:
    """Register the checkpoint in timm, for ``timm.create_model(name, pretrained=True)``.

    Forked processes inherit the registration; spawned processes do not. The name must be new to timm.
    """
    import timm
    from timm.models import PretrainedCfg, register_model

    known = {field.name for field in dataclasses.fields(PretrainedCfg)}
    pretrained_cfg = {key: value for key, value in checkpoint.pretrained.items() if key in known}

    def build(pretrained: bool = False, **given: Any) -> Any:
        given = {key: value for key, value in given.items() if not key.startswith("pretrained_cfg")}
        network: Any = timm.create_model(
            checkpoint.architecture,
            pretrained=pretrained,
            pretrained_cfg=PretrainedCfg(**pretrained_cfg),
            **(checkpoint.arguments | given),
        )
        if pretrained:
            check_complete(network.state_dict(), stored_names(checkpoint.weights), network.pretrained_cfg)
        return network

    build.__name__ = name
    decorate: Callable[[Callable[..., Any]], Any] = register_model
    decorate(build)


def stored_names(weights: Path) -> set[str]:
    """Return the names of the tensors in a safetensors file."""
    from safetensors import safe_open

    with safe_open(weights, framework="pt") as file:
        return set(file.keys())


def check_complete(names: Mapping[str, Any], stored: set[str], pretrained: Mapping[str, Any]) -> None:
    """Check that the file contains all tensors of the network, except the classifier's.

    timm silently keeps random values of missing tensors if the number of classes differs.

    Args:
        names: The network's tensors by name.
        stored: Names of the tensors in the file.
        pretrained: The network's pretrained_cfg.

    Raises:
        ValueError: If a tensor is missing.
    """
    classifiers = pretrained.get("classifier") or ()
    heads = (classifiers,) if isinstance(classifiers, str) else tuple(classifiers)
    missing = [n for n in names if n not in stored and not n.startswith(tuple(f"{h}." for h in heads))]
    if missing:
        raise ValueError(
            f"The checkpoint lacks {len(missing)} tensors of this timm's network, {missing[0]} first. "
            "Either the names differ between the timm versions, or the folder contains another network."
        )
