"""Give a timm model folder to a timm that is too old to read one."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ELSEWHERE = ("url", "hf_hub_id", "hf_hub_filename", "source", "state_dict")
"""Keys of a pretrained_cfg that would send timm to weights other than the folder's."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a folder's config.json says, as arguments for ``timm.create_model``.

    ``arguments`` are the folder's ``model_args`` (padding and the like, without which the same weights give
    other features); ``pretrained`` is its pretrained_cfg with the folder's weights as the only source.
    """

    architecture: str
    arguments: dict[str, Any]
    pretrained: dict[str, Any]
    weights: Path


def read(folder: Path, *, side: int | None) -> Checkpoint:
    """The checkpoint in ``folder``, for square images of ``side`` pixels (None: as the weights were trained).

    Raises ValueError if the folder lacks config.json or model.safetensors, or names no architecture. Pickled
    weights are not read.
    """
    config_file, weights = folder / "config.json", folder / "model.safetensors"
    for file in (config_file, weights):
        if not file.is_file():
            raise ValueError(f"{folder} is no timm model folder this peer can read: there is no {file.name}.")
    return from_config(json.loads(config_file.read_text(encoding="utf-8")), weights, side=side)


def from_config(config: Mapping[str, Any], weights: Path, *, side: int | None) -> Checkpoint:
    """The checkpoint that a decoded config.json describes, in its present form or the older flat one."""
    nested = config.get("pretrained_cfg")
    pretrained = dict(config if nested is None else nested)
    architecture = config.get("architecture") or pretrained.get("architecture")
    if not architecture:
        raise ValueError(f"The config.json beside {weights} names no architecture.")
    # The base config wins over the saved pretrained_cfg, as when timm reads a folder itself.
    if "num_classes" in config:
        pretrained["num_classes"] = config["num_classes"]
    for key in ELSEWHERE:
        pretrained.pop(key, None)
    pretrained |= {"file": str(weights), "custom_load": False}
    if side is not None:
        channels = (pretrained.get("input_size") or (3,))[0]
        pretrained["input_size"] = (channels, side, side)
        # The network sees images of this side only; a second side for testing would bring another back.
        pretrained.pop("test_input_size", None)
    return Checkpoint(
        architecture=str(architecture),
        arguments=dict(config.get("model_args") or {}),
        pretrained=pretrained,
        weights=weights,
    )


def register(checkpoint: Checkpoint, name: str) -> None:
    """Make ``timm.create_model(name, pretrained=True)`` build the checkpoint's network with its weights.

    Holds in this process and in those forked from it, not in spawned ones. The name must be new to timm.
    """
    import timm
    from timm.models import PretrainedCfg, register_model

    known = {field.name for field in dataclasses.fields(PretrainedCfg)}
    described = {key: value for key, value in checkpoint.pretrained.items() if key in known}

    def build(pretrained: bool = False, **given: Any) -> Any:
        given = {key: value for key, value in given.items() if not key.startswith("pretrained_cfg")}
        network: Any = timm.create_model(
            checkpoint.architecture,
            pretrained=pretrained,
            pretrained_cfg=PretrainedCfg(**described),
            **(checkpoint.arguments | given),
        )
        if pretrained:
            check_complete(network.state_dict(), stored_names(checkpoint.weights), network.pretrained_cfg)
        return network

    build.__name__ = name
    decorate: Callable[[Callable[..., Any]], Any] = register_model
    decorate(build)


def stored_names(weights: Path) -> set[str]:
    """The names of the tensors in a safetensors file."""
    from safetensors import safe_open

    with safe_open(weights, framework="pt") as file:
        return set(file.keys())


def check_complete(names: Mapping[str, Any], stored: set[str], pretrained: Mapping[str, Any]) -> None:
    """Raise ValueError if the file lacks any tensor of the network but its classifier's.

    timm leaves such tensors at random values without a word when the number of classes differs.
    """
    classifiers = pretrained.get("classifier") or ()
    heads = (classifiers,) if isinstance(classifiers, str) else tuple(classifiers)
    lacking = [n for n in names if n not in stored and not n.startswith(tuple(f"{h}." for h in heads))]
    if lacking:
        raise ValueError(
            f"The checkpoint lacks {len(lacking)} tensors that this timm's network has, {lacking[0]} first: "
            "their names differ between the timm versions, or the folder holds another network."
        )
