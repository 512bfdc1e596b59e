"""Choose the device and the precision of the arithmetic."""

from __future__ import annotations

import importlib.util
import os
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from autotl.api import Machine
from autotl.errors import RunError, UnknownName

FALLBACK_MEMORY_BYTES = 4 * 2**30
"""Assumed memory if the system does not report it."""


def pick_device(name: str = "auto") -> str:
    """Return the device with this name; for ``"auto"`` the fastest one available.

    Raises:
        RunError: A GPU was named, but torch finds none.
        UnknownName: There is no such device.
    """
    available = ["cpu"]
    if torch.backends.mps.is_available():
        available.insert(0, "mps")
    if torch.cuda.is_available():
        available = ["cuda", *(f"cuda:{i}" for i in range(torch.cuda.device_count())), *available]
    if name == "auto":
        return available[0]
    if name not in available and name.startswith("cuda") and not torch.cuda.is_available():
        raise RunError(
            f"torch {torch.__version__} finds no GPU (got device {name!r}). Give --device cpu. "
            "If the machine has a GPU, install its driver and a torch built for it: https://pytorch.org/get-started/locally"
        )
    if name not in available:
        raise UnknownName("device", name, [*available, "auto"])
    return name


def check_processes(processes: int, device: str) -> None:
    """Raise RunError if this many processes cannot train on the device."""
    if processes < 1:
        raise RunError(f"processes must be 1 or more (got {processes}). Give --processes 1 or more.")
    if processes > 1 and importlib.util.find_spec("accelerate") is None:
        raise RunError("Training in several processes needs Accelerate: pip install 'autotl[processes]'.")
    if processes > 1 and device.startswith("cuda") and processes > torch.cuda.device_count():
        raise RunError(
            f"processes must be at most {torch.cuda.device_count()}, the number of GPUs (got {processes}). "
            "Give --processes fewer."
        )


def this_machine(device: str) -> Machine:
    """Return the device, threads and memory of this machine, for cost estimates."""
    if device.startswith("cuda"):
        memory = torch.cuda.get_device_properties(device).total_memory
    elif hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    else:
        memory = FALLBACK_MEMORY_BYTES
    return Machine(device, torch.get_num_threads(), memory)


def precision(device: str) -> str:
    """Return the arithmetic of forward passes: ``"bfloat16"`` or ``"float32"``."""
    return "bfloat16" if device.startswith("cuda") and torch.cuda.is_bf16_supported() else "float32"


def autocast(device: str) -> AbstractContextManager[object]:
    """Return the context in which forward passes run on ``device``."""
    if precision(device) == "bfloat16":
        return torch.autocast("cuda", torch.bfloat16)
    return nullcontext()


def to_device(model: nn.Module, device: str) -> nn.Module:
    """Move the model to the device, channels last."""
    # torch's types know "memory_format" only without a device; two calls would copy the weights twice
    return model.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
