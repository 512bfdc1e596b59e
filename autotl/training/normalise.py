"""Turn pixels into what a network was trained on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Normalise:
    """uint8 images (n, 3, h, w) as float32 with the weights' own mean and spread, on the device, channels
    last.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    device: str

    def __call__(self, pixels: Tensor) -> Tensor:
        mean = torch.tensor(self.mean, device=pixels.device).view(1, -1, 1, 1)
        std = torch.tensor(self.std, device=pixels.device).view(1, -1, 1, 1)
        x = (pixels.to(torch.float32) / 255 - mean) / std
        return x.to(device=self.device, memory_format=torch.channels_last)
