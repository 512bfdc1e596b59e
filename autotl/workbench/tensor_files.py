"""Write tensors as safetensors, whole or not at all: a network's weights, a training's checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from autotl.files import atomic_file


def save_weights(path: Path, model: nn.Module) -> str:
    """Write a network's state; says where. Raises DiskFull."""
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    return save_tensors(path, state)


def save_tensors(path: Path, tensors: Mapping[str, Tensor]) -> str:
    """Write tensors that lie on the CPU, in one step; says where. Raises DiskFull."""
    size = sum(value.numel() * value.element_size() for value in tensors.values())
    with atomic_file(path, size) as temporary:
        save_file(dict(tensors), temporary, {"format": "pt"})
    return str(path)


def read_tensors(path: str) -> dict[str, Tensor] | None:
    """What was written there; None where nothing is, or not all of it."""
    try:
        return load_file(path)
    except (SafetensorError, OSError):
        return None


def is_whole(path: str) -> bool:
    """Whether a file is there, and not cut short."""
    try:
        with safe_open(path, framework="pt"):
            return Path(path).is_file()
    except (SafetensorError, OSError):
        return False
