"""A moving average of the weights.

It often scores better than the last weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class WeightAverage:
    """An exponential moving average of trained parameters and BatchNorm statistics.

    ``decay`` is the fraction of the old average kept at each step. It starts lower, so that the first steps
    are soon forgotten (as in timm's ModelEmaV3; Polyak & Juditsky, SIAM J. Control Optim., 1992).
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay, self._steps = decay, 0
        trained = [p for p in model.parameters() if p.requires_grad]
        statistics = [
            value for name, value in model.named_buffers() if name.endswith(("running_mean", "running_var"))
        ]
        self._own: list[Tensor] = [value.detach() for value in (*trained, *statistics)]
        self._averaged = [value.clone() for value in self._own]

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the current weights."""
        if not self._own:
            return
        self._steps += 1
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        torch._foreach_lerp_(self._averaged, self._own, 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the model's weights with their average.

        A second call undoes the first.
        """
        for own, averaged in zip(self._own, self._averaged, strict=True):
            copied = own.clone()
            own.copy_(averaged)
            averaged.copy_(copied)

    def tensors(self) -> dict[str, Tensor]:
        """Return the average and its number of steps, for :meth:`load_tensors`."""
        found = {str(number): value for number, value in enumerate(self._averaged)}
        return found | {"steps": torch.tensor(self._steps)}

    @torch.no_grad()
    def load_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore an average of the same weights."""
        self._steps = int(tensors["steps"])
        for number, averaged in enumerate(self._averaged):
            averaged.copy_(tensors[str(number)])
