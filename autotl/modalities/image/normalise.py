"""Scale pixels as pretrained weights expect them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_module

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:  # configurations are checked in places where torch is not needed yet
    torch = lazy_module("torch")


@dataclass(frozen=True, slots=True)
class Normalise:
    """Scales uint8 images (n, 3, h, w) to float32, channels last.

    ``mean`` and ``std`` are those of the pretrained weights, per channel, for pixels in [0, 1].
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    device: str

    def __call__(self, pixels: Tensor) -> Tensor:
        mean = torch.tensor(self.mean, device=pixels.device).view(1, -1, 1, 1)
        std = torch.tensor(self.std, device=pixels.device).view(1, -1, 1, 1)
        x = (pixels.to(torch.float32) / 255 - mean) / std
        return x.to(device=self.device, memory_format=torch.channels_last)

    def on_device(self, device: str) -> Normalise:
        """Return the same scaling for another device."""
        return replace(self, device=device)
