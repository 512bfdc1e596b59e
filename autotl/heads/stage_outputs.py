"""The outputs of a network's stages, averaged over positions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import local
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from autotl.errors import TrainingError


def has_channels_last(model: nn.Module) -> bool:
    """Return whether a timm model's feature maps have channels last."""
    return getattr(model, "output_fmt", "NCHW") == "NHWC"


def average_positions(outputs: object, *, channels_last: bool) -> Tensor:
    """Average a stage's outputs over positions.

    Args:
        outputs: Feature maps (rows, c, h, w) or (rows, h, w, c), tokens (rows, tokens, c) with the class
            token, or vectors (rows, c).
        channels_last: Whether feature maps have their channels last.

    Returns:
        float32 (rows, c).

    Raises:
        TrainingError: The outputs are no tensor of two to four dimensions.
    """
    if not isinstance(outputs, Tensor) or not 2 <= outputs.ndim <= 4:
        found = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        raise TrainingError(
            f"A stage must return a tensor of two to four dimensions (got {found}). Choose other stages."
        )
    if outputs.ndim == 2:
        return outputs.float()
    if outputs.ndim == 3:
        return outputs.float().mean(1)
    return outputs.float().mean((1, 2) if channels_last else (2, 3))


class StageTaps:
    """Keeps the averaged outputs of stages during a forward pass.

    Each thread has its own values, because passes run in several threads at once.

    Attributes:
        stages: The names of the stages.
        channels_last: Whether feature maps have their channels last.
    """

    def __init__(self, stages: Sequence[str], *, channels_last: bool) -> None:
        self.stages, self.channels_last = tuple(stages), channels_last
        self._values = local()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the values of threads; a copied network has its own."""
        return {"stages": self.stages, "channels_last": self.channels_last}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self._values = local()

    def connect(self, model: nn.Module) -> list[RemovableHandle]:
        """Record the outputs of the stages until the returned hooks are removed.

        Raises:
            TrainingError: The model has no such stage.
        """
        handles = []
        for name in self.stages:
            try:
                module = model.get_submodule(name)
            except AttributeError as error:
                raise TrainingError(
                    f"stages must be names of modules of {type(model).__name__} (got {name!r}). "
                    "Use the names in bench.backbone.stages."
                ) from error
            handles.append(module.register_forward_hook(_Tap(self, name)))
        return handles

    def keep(self, name: str, outputs: object) -> None:
        """Keep the average of a stage's outputs."""
        setattr(self._values, name, average_positions(outputs, channels_last=self.channels_last))

    def take(self) -> list[Tensor]:
        """Return the averages of this thread's last pass, and forget them.

        Raises:
            TrainingError: A stage has not run.
        """
        found = vars(self._values)
        missing = [name for name in self.stages if name not in found]
        if missing:
            raise TrainingError(
                f"The stage {missing[0]!r} must run before the head (it did not). Call the whole network."
            )
        return [found.pop(name) for name in self.stages]


class _Tap:
    """A forward hook; a copied network gets a copy of it."""

    def __init__(self, taps: StageTaps, name: str) -> None:
        self.taps, self._name = taps, name

    def __call__(self, module: nn.Module, inputs: tuple[Any, ...], outputs: object) -> None:
        self.taps.keep(self._name, outputs)


@contextmanager
def stage_pass(
    model: nn.Module, stages: Sequence[str], *, pooled: bool = False
) -> Iterator[Callable[[Tensor], Tensor]]:
    """Yield a forward pass that returns the averages of stages, concatenated.

    Args:
        model: The network, in evaluation mode.
        stages: Names of stages that :func:`stage_widths` lists.
        pooled: Whether the network's own outputs come last.
    """
    taps = StageTaps(stages, channels_last=has_channels_last(model))

    def forward(x: Tensor) -> Tensor:
        outputs = model(x)
        return torch.cat([*taps.take(), *([outputs.flatten(1)] if pooled else [])], 1)

    handles = taps.connect(model)
    try:
        yield forward
    finally:
        for handle in handles:
            handle.remove()


def stage_widths(model: nn.Module, stages: Sequence[str], x: Tensor) -> dict[str, int]:
    """Return the channels of each stage whose outputs can be averaged.

    Args:
        model: The network, in evaluation mode.
        stages: Names of stages.
        x: A normalised image, (1, 3, h, w).
    """
    found: dict[str, int] = {}
    channels_last = has_channels_last(model)

    def recorder(name: str) -> Callable[[nn.Module, Any, object], None]:
        def record(module: nn.Module, inputs: Any, outputs: object) -> None:
            if isinstance(outputs, Tensor) and 2 <= outputs.ndim <= 4:
                found[name] = average_positions(outputs, channels_last=channels_last).shape[1]

        return record

    handles = [model.get_submodule(name).register_forward_hook(recorder(name)) for name in stages]
    try:
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
    return {name: found[name] for name in stages if name in found}
