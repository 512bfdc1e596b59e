"""Augment batches on the device: one random view for each image, without a loop over images.

torchvision's batched transforms draw one set of numbers for the whole batch; here each image has its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotl.errors import UnknownName
from autotl.importing.lazy import lazy_module

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
    from torch import Tensor
else:  # the names of augmentations are asked for where torch is not yet needed
    torch, F = lazy_module("torch"), lazy_module("torch.nn.functional")


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far views may stray: smallest share of the area cropped, rotation in degrees, mirroring, and
    colour.
    """

    area: float
    turn: float
    mirror: bool
    colour: float


AUGMENTATIONS = {
    "none": None,
    "shift": Augmentation(area=0.7, turn=6.0, mirror=False, colour=0.1),
    "mirror": Augmentation(area=0.7, turn=6.0, mirror=True, colour=0.1),
    "strong": Augmentation(area=0.35, turn=12.0, mirror=True, colour=0.3),
}
"""``shift`` keeps left and right apart, as digits, signs and text need; ``mirror`` does not."""


def augmentation(name: str) -> Augmentation | None:
    """The augmentation of this name. Raises UnknownName."""
    if name not in AUGMENTATIONS:
        raise UnknownName("augmentation", name, AUGMENTATIONS)
    return AUGMENTATIONS[name]


def augment(pixels: Tensor, how: Augmentation, *, side: int, generator: torch.Generator) -> Tensor:
    """Random views (n, 3, side, side) as uint8 of images (n, 3, h, w) on any device.

    The random numbers come from a CPU generator, so a seed means the same views on every device.
    """
    n = len(pixels)

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, generator=generator) * (high - low) + low

    area, ratio = uniform(how.area, 1.0), uniform(math.log(3 / 4), math.log(4 / 3)).mul(0.5).exp()
    width, height = (area.sqrt() * ratio).clamp(max=1), (area.sqrt() / ratio).clamp(max=1)
    x, y = uniform(-1, 1) * (1 - width), uniform(-1, 1) * (1 - height)
    turn = uniform(-how.turn, how.turn) * math.pi / 180
    sign = uniform(-1, 1).sign() if how.mirror else torch.ones(n)
    theta = torch.stack(
        [
            torch.stack([sign * width * turn.cos(), -height * turn.sin(), x], 1),
            torch.stack([sign * width * turn.sin(), height * turn.cos(), y], 1),
        ],
        1,
    ).to(pixels.device)  # (n, 2, 3)
    grid = F.affine_grid(theta, [n, 3, side, side], align_corners=False)
    views = F.grid_sample(
        pixels.float(), grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )
    if how.colour:
        gain = uniform(1 - how.colour, 1 + how.colour).view(n, 1, 1, 1).to(pixels.device)
        lift = (uniform(-how.colour, how.colour) * 128).view(n, 1, 1, 1).to(pixels.device)
        middle = views.mean((1, 2, 3), keepdim=True)
        views = (views - middle) * gain + middle + lift
    return views.round().clamp(0, 255).byte()
