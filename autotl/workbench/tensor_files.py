"""Write tensors as complete safetensors files: weights of networks, checkpoints of trainings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from autotl.files import atomic_file
from autotl.heads import HeadForm, attached_head

_HEAD = "head"
"""The entry of a weights file's metadata with the form of a head that is not linear."""


def save_weights(path: Path, model: nn.Module) -> str:
    """Write a network's state dict with the form of its head.

    Returns the path. Raises DiskFull.
    """
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    head = attached_head(model)
    return save_tensors(path, state, head=None if head is None else head.form)


def read_weights(path: str) -> dict[str, Tensor]:
    """Read the state dict in a weights file."""
    return load_file(path)


def head_in(path: str) -> HeadForm | None:
    """Return the form of the head in a weights file.

    It is None if the head is linear.
    """
    found = Path(path).stat()
    return _head_in(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=4096)  # the search asks again and again
def _head_in(path: str, changed: int, size: int) -> HeadForm | None:
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_HEAD)
    except SafetensorError:  # truncated: loading the weights raises
        return None
    return None if text is None else HeadForm.of(json.loads(text))


def save_tensors(path: Path, tensors: Mapping[str, Tensor], *, head: HeadForm | None = None) -> str:
    """Write tensors on the CPU in one step.

    Args:
        path: The file.
        tensors: The tensors by name.
        head: The form of the head, if it is not linear.

    Returns:
        The path.

    Raises:
        DiskFull: There is no space.
    """
    about = {"format": "pt"} | ({} if head is None else {_HEAD: json.dumps(head.document())})
    size = sum(value.numel() * value.element_size() for value in tensors.values())
    with atomic_file(path, size) as temporary:
        save_file(dict(tensors), temporary, about)
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
