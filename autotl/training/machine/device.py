"""Choose where tensors live, and in which precision they are multiplied."""

from __future__ import annotations

import importlib.util
import os
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from autotl.api import Machine
from autotl.errors import RunError, UnknownName


def pick_device(name: str = "auto") -> str:
    """``"auto"`` as the best device there is; another name is checked. Raises UnknownName."""
    there = ["cpu"]
    if torch.backends.mps.is_available():
        there.insert(0, "mps")
    if torch.cuda.is_available():
        there = ["cuda", *(f"cuda:{i}" for i in range(torch.cuda.device_count())), *there]
    if name == "auto":
        return there[0]
    if name not in there and name.startswith("cuda") and not torch.cuda.is_available():
        raise RunError(
            f"torch {torch.__version__} sees no GPU, so there is no device {name!r}. Give --device cpu. If "
            "the machine has a GPU, install its driver and a torch that is built for it: "
            "https://pytorch.org/get-started/locally"
        )
    if name not in there:
        raise UnknownName("device", name, [*there, "auto"])
    return name


def check_processes(processes: int, device: str) -> None:
    """Raise RunError where so many processes cannot train on the device."""
    if processes < 1:
        raise RunError(f"{processes} processes cannot train anything. Give --processes 1 or more.")
    if processes > 1 and importlib.util.find_spec("accelerate") is None:
        raise RunError("Training in several processes needs Accelerate: pip install 'autotl[processes]'.")
    if processes > 1 and device.startswith("cuda") and processes > torch.cuda.device_count():
        raise RunError(
            f"{processes} processes need a GPU each, but there are {torch.cuda.device_count()}. "
            "Give --processes fewer."
        )


def machine(device: str) -> Machine:
    """This machine, as strategies' cost estimates see it."""
    if device.startswith("cuda"):
        memory = torch.cuda.get_device_properties(device).total_memory
    elif hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    else:
        memory = 4 * 2**30
    return Machine(device, torch.get_num_threads(), memory)


def precision(device: str) -> str:
    """The arithmetic used on a device: ``"bfloat16"`` on GPUs that have it, else ``"float32"``."""
    return "bfloat16" if device.startswith("cuda") and torch.cuda.is_bf16_supported() else "float32"


def autocast(device: str) -> AbstractContextManager[object]:
    """The context in which forward passes run on ``device``."""
    if precision(device) == "bfloat16":
        return torch.autocast("cuda", torch.bfloat16)
    return nullcontext()


def to_device(model: nn.Module, device: str) -> nn.Module:
    """The model on the device, in the memory layout that convolutions are fastest in."""
    # torch's types know "memory_format" only without a device; two calls would copy the weights twice
    return model.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
