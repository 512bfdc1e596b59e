"""Write tensors as complete safetensors files: weights of networks, checkpoints of trainings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from autotl.files import atomic_file


def save_weights(path: Path, model: nn.Module) -> str:
    """Write a network's state dict, and return the path. Raises DiskFull."""
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    return save_tensors(path, state)


def save_tensors(path: Path, tensors: Mapping[str, Tensor]) -> str:
    """Write tensors on the CPU in one step.

    Returns the path. Raises DiskFull.
    """
    size = sum(value.numel() * value.element_size() for value in tensors.values())
    with atomic_file(path, size) as temporary:
        save_file(dict(tensors), temporary, {"format": "pt"})
    return str(path)


def read_tensors(path: str) -> dict[str, Tensor] | None:
    """Read tensors; None if the file is missing or truncated."""
    try:
        return load_file(path)
    except (SafetensorError, OSError):
        return None


def is_complete(path: str) -> bool:
    """Return whether a file exists and is not truncated."""
    try:
        with safe_open(path, framework="pt"):
            return Path(path).is_file()
    except (SafetensorError, OSError):
        return False
