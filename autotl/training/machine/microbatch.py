"""Say how many images go through a network together."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

PIXELS, LEAST = 196_608, 4
"""On a CPU: what a layer gives for so many pixels stays in the cache until the next one takes it. On two
cores MobileNetV2 takes 4 to 6 ms for each of 12 images of 128 pixels, and 8 ms for each of 64; learning from
a batch of 32 takes 14 to 17 ms an image in three pieces, and 17 to 22 in one.
"""
MOST = 64


def at_once(height: int, width: int, *, device: str, most: int = MOST) -> int:
    """How many images of so many pixels are fastest together, ``most`` at most."""
    if not device.startswith("cpu"):
        return most
    return max(1, min(most, max(LEAST, PIXELS // max(1, height * width))))


def pieces_of(batch: Tensor, *, device: str) -> int:
    """In how many pieces a batch of images or activations (n, channels, h, w) is fastest; 1 of other
    shapes.
    """
    if batch.ndim != 4 or not len(batch):
        return 1
    return math.ceil(len(batch) / at_once(*batch.shape[-2:], device=device))


def learns_statistics(model: nn.Module) -> bool:
    """Whether a BatchNorm is in training mode, so that images of a batch cannot be learned from in pieces."""
    return any(isinstance(module, _BatchNorm) and module.training for module in model.modules())
