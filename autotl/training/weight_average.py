"""Keep a moving average of the weights, which often scores better than the last ones."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class WeightAverage:
    """An exponential moving average of all that training changes: parameters and BatchNorm statistics.

    ``decay`` is the share of the old average kept at each step; it starts lower, so that the first steps are
    soon forgotten (as timm's ModelEmaV3 does; Polyak & Juditsky, SIAM J. Control Optim., 1992).
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay, self._steps = decay, 0
        learned = [p for p in model.parameters() if p.requires_grad]
        moving = [
            value for name, value in model.named_buffers() if name.endswith(("running_mean", "running_var"))
        ]
        self._own: list[Tensor] = [value.detach() for value in (*learned, *moving)]
        self._averaged = [value.clone() for value in self._own]

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the weights as they are now."""
        if not self._own:
            return
        self._steps += 1
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        torch._foreach_lerp_(self._averaged, self._own, 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the model's weights and their average. Twice is as if nothing had happened."""
        for own, averaged in zip(self._own, self._averaged, strict=True):
            kept = own.clone()
            own.copy_(averaged)
            averaged.copy_(kept)

    def tensors(self) -> dict[str, Tensor]:
        """What :meth:`take_up` needs: the average, and how many steps are in it."""
        found = {str(number): value for number, value in enumerate(self._averaged)}
        return found | {"steps": torch.tensor(self._steps)}

    @torch.no_grad()
    def take_up(self, kept: Mapping[str, Tensor]) -> None:
        """Go on with an average of the same weights."""
        self._steps = int(kept["steps"])
        for number, averaged in enumerate(self._averaged):
            averaged.copy_(kept[str(number)])
