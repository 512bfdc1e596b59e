"""Record when each module of a model runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from autotl.backbone.head import pooled
from autotl.backbone.modes import temporary_mode
from autotl.backbone.speed.example_inputs import example_inputs
from autotl.backbone.speed.operations import OperationCounter


@dataclass(slots=True)
class ModuleRun:
    """The calls of a module in one forward pass.

    Attributes:
        start: The tick of its first start.
        first_end: The tick of its first end.
        last_end: The tick of its last end.
        flops: The operations of the model up to the first end.
        shape: The shape of its first output.
    """

    start: int
    first_end: int = -1
    last_end: int = -1
    flops: int = 0
    shape: tuple[int, ...] = ()


Runs = Mapping[str, ModuleRun]


@dataclass(frozen=True, slots=True)
class ForwardPass:
    """A recorded forward pass.

    Attributes:
        runs: The calls of each module, by name; the model itself has the name "".
        flops: The floating-point operations.
        features: The width of the pooled features.
    """

    runs: dict[str, ModuleRun]
    flops: int
    features: int


def record_forward_pass(model: nn.Module, input_size: int) -> ForwardPass:
    """Record a forward pass of one blank image or other input."""
    recorder = _Recorder()
    hooks = []
    for name, module in model.named_modules():
        if name:
            hooks += [
                module.register_forward_pre_hook(recorder.before(name)),
                module.register_forward_hook(recorder.after(name)),
            ]
    like = next(model.parameters())
    blank = _blank(model, input_size, like)
    try:
        with temporary_mode(model, training=False), torch.no_grad(), recorder.counter:
            features = pooled(model, blank).shape[1]
    finally:
        for hook in hooks:
            hook.remove()
    # The model itself is not called, only its two halves: it starts first and ends last.
    end = recorder.tick + 1
    recorder.runs[""] = ModuleRun(start=0, first_end=end, last_end=end)
    return ForwardPass(recorder.runs, recorder.counter.operations, features)


def _blank(model: nn.Module, input_size: int, like: nn.Parameter) -> Tensor:
    """Return one input that a model takes, on its device."""
    if hasattr(model, "example_inputs"):
        return example_inputs(model, 1, input_size).to(like.device)
    return torch.zeros(1, 3, input_size, input_size, device=like.device, dtype=like.dtype)


def native_size(model: nn.Module) -> int:
    """Return the native input size of the weights, in pixels or tokens."""
    stock: Any = model
    return int((stock.pretrained_cfg.get("input_size") or (3, 224, 224))[-1])


class _Recorder:
    """Counts the starts and ends of modules."""

    def __init__(self) -> None:
        self.runs: dict[str, ModuleRun] = {}
        self.tick = 0
        self.counter = OperationCounter()

    def before(self, name: str) -> Callable[..., None]:
        """Return a hook that records the start of a module."""

        def hook(*_: object) -> None:
            self.tick += 1
            self.runs.setdefault(name, ModuleRun(start=self.tick))

        return hook

    def after(self, name: str) -> Callable[..., None]:
        """Return a hook that records the end of a module."""

        def hook(module: nn.Module, inputs: object, output: object) -> None:
            self.tick += 1
            run = self.runs[name]
            run.last_end = self.tick
            if run.first_end < 0:
                run.first_end, run.flops = self.tick, self.counter.operations
                run.shape = tuple(output.shape) if isinstance(output, Tensor) else ()

        return hook
