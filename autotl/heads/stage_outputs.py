"""The outputs of a network's stages, averaged over positions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import local
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from autotl.errors import TrainingError


def channel_axis(model: nn.Module, outputs: object) -> int:
    """Return the axis of the channels in a stage's outputs.

    Images are square. Therefore the positions of feature maps are the two neighbouring axes of equal length.

    Args:
        model: The network. If all three axes are equal, its ``output_fmt`` decides.
        outputs: Feature maps (rows, c, h, w) or (rows, h, w, c), tokens (rows, tokens, c) with the class
            token, or vectors (rows, c).

    Returns:
        The axis; 0 if the outputs are no tensor, or have another shape.
    """
    if not isinstance(outputs, Tensor):
        return 0
    if outputs.ndim != 4:
        return {2: 1, 3: 2}.get(outputs.ndim, 0)
    first, second, third = outputs.shape[1:]
    if first == second == third:
        return 3 if getattr(model, "output_fmt", "NCHW") == "NHWC" else 1
    return 1 if second == third else 3 if first == second else 0


def average_positions(outputs: object, axis: int) -> Tensor:
    """Average a stage's outputs over positions.

    Args:
        outputs: A tensor of two to four dimensions, (rows, …).
        axis: The axis of the channels, see :func:`channel_axis`.

    Returns:
        float32 (rows, c).

    Raises:
        TrainingError: The outputs are no tensor of two to four dimensions, or lack the axis.
    """
    if not isinstance(outputs, Tensor) or not 2 <= outputs.ndim <= 4:
        found = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        raise TrainingError(
            f"A stage must return a tensor of two to four dimensions (got {found}). Choose other stages."
        )
    if not 1 <= axis < outputs.ndim:
        raise TrainingError(
            f"The axis of a stage's channels must be from 1 to {outputs.ndim - 1} (got {axis}). "
            "Choose other stages."
        )
    positions = tuple(each for each in range(1, outputs.ndim) if each != axis)
    return outputs.float().mean(positions) if positions else outputs.float()


class StageTaps:
    """Keeps the averaged outputs of stages during a forward pass.

    Each thread has its own values, because passes run in several threads at once.

    Attributes:
        axes: The axis of the channels of each stage, by its name.
    """

    def __init__(self, axes: Mapping[str, int]) -> None:
        self.axes = dict(axes)
        self._values = local()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the values of threads; a copied network has its own."""
        return {"axes": self.axes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self._values = local()

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stages."""
        return tuple(self.axes)

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
        setattr(self._values, name, average_positions(outputs, self.axes[name]))

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
    model: nn.Module, axes: Mapping[str, int], *, pooled: bool = False
) -> Iterator[Callable[[Tensor], Tensor]]:
    """Yield a forward pass that returns the averages of stages, concatenated.

    Args:
        model: The network, in evaluation mode.
        axes: The axis of the channels of each stage, see :func:`stage_shapes`.
        pooled: Whether the network's own outputs come last.
    """
    taps = StageTaps(axes)

    def forward(x: Tensor) -> Tensor:
        outputs = model(x)
        return torch.cat([*taps.take(), *([outputs.flatten(1)] if pooled else [])], 1)

    handles = taps.connect(model)
    try:
        yield forward
    finally:
        for handle in handles:
            handle.remove()


class StageShape(NamedTuple):
    """The channels of a stage's outputs, and their axis."""

    width: int
    axis: int


def stage_shapes(model: nn.Module, stages: Sequence[str], x: Tensor) -> dict[str, StageShape]:
    """Return the channels of each stage whose outputs can be averaged.

    Args:
        model: The network, in evaluation mode.
        stages: Names of stages.
        x: A normalised square image, (1, 3, s, s).
    """
    found: dict[str, StageShape] = {}

    def recorder(name: str) -> Callable[[nn.Module, Any, object], None]:
        def record(module: nn.Module, inputs: Any, outputs: object) -> None:
            axis = channel_axis(model, outputs)
            if isinstance(outputs, Tensor) and axis:
                found[name] = StageShape(outputs.shape[axis], axis)

        return record

    handles = [model.get_submodule(name).register_forward_hook(recorder(name)) for name in stages]
    try:
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
    return {name: found[name] for name in stages if name in found}
