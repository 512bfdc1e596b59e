"""Augment batches of images on the device.

Each image has one random view. torchvision's batched transforms draw one set of numbers per batch; here each
image gets its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotl.api import Task
from autotl.errors import UnknownName
from autotl.importing.lazy import lazy_module

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
    from torch import Tensor
else:  # the names of augmentations are read before torch is needed
    torch, F = lazy_module("torch"), lazy_module("torch.nn.functional")


@dataclass(frozen=True, slots=True)
class Augmentation:
    """The ranges that random views are drawn from.

    Attributes:
        min_area: Smallest cropped fraction of the image's area, in (0, 1].
        max_rotation: Largest rotation in degrees, in either direction.
        mirror: Whether half of the views are flipped left to right.
        color_jitter: Largest relative change of contrast and brightness, in [0, 1).
    """

    min_area: float
    max_rotation: float
    mirror: bool
    color_jitter: float


AUGMENTATIONS = {
    "none": None,
    "shift": Augmentation(min_area=0.7, max_rotation=6.0, mirror=False, color_jitter=0.1),
    "mirror": Augmentation(min_area=0.7, max_rotation=6.0, mirror=True, color_jitter=0.1),
    "strong": Augmentation(min_area=0.35, max_rotation=12.0, mirror=True, color_jitter=0.3),
}
"""``shift`` keeps left and right distinct, as digits, signs and text require; ``mirror`` does not."""


def usual_augmentation(task: Task, *, frozen: bool) -> str:
    """Return the augmentation that trainings start with.

    It is none if frozen stages are cached, or if the task has no others. For numbers it is none
    too: a crop, a turn or another brightness may change what they measure. A search tries the others.

    Args:
        task: The target task.
        frozen: Whether the first stages are frozen.
    """
    unchanged = frozen or task.target.kind == "regression" or "shift" not in task.augmentations
    return "none" if unchanged else "shift"


def get_augmentation(name: str) -> Augmentation | None:
    """Return the augmentation with this name; None for ``"none"``. Raises UnknownName."""
    if name not in AUGMENTATIONS:
        raise UnknownName("augmentation", name, AUGMENTATIONS)
    return AUGMENTATIONS[name]


def augment(
    pixels: Tensor, augmentation: Augmentation, *, input_size: int, generator: torch.Generator
) -> Tensor:
    """Draw one random view of each image.

    Args:
        pixels: Images, uint8 (n, 3, h, w), on any device.
        augmentation: The ranges to draw from.
        input_size: Height and width of the views in pixels.
        generator: A CPU generator, so that a seed gives the same views on every device.

    Returns:
        Views, uint8 (n, 3, side, side), on the device of ``pixels``.
    """
    n = len(pixels)
    grid = F.affine_grid(
        _random_affine(n, augmentation, generator).to(pixels.device),
        [n, 3, input_size, input_size],
        align_corners=False,
    )
    views = F.grid_sample(
        pixels.float(), grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )
    jitter = augmentation.color_jitter
    if jitter:
        contrast = _uniform(n, 1 - jitter, 1 + jitter, generator).view(n, 1, 1, 1).to(pixels.device)
        brightness = (_uniform(n, -jitter, jitter, generator) * 128).view(n, 1, 1, 1).to(pixels.device)
        mean = views.mean((1, 2, 3), keepdim=True)
        views = (views - mean) * contrast + mean + brightness
    return views.round().clamp(0, 255).byte()


def _random_affine(n: int, augmentation: Augmentation, generator: torch.Generator) -> Tensor:
    """Draw affine matrices (n, 2, 3) that crop, rotate and flip."""
    area = _uniform(n, augmentation.min_area, 1.0, generator)
    ratio = _uniform(n, math.log(3 / 4), math.log(4 / 3), generator).mul(0.5).exp()
    width, height = (area.sqrt() * ratio).clamp(max=1), (area.sqrt() / ratio).clamp(max=1)
    x = _uniform(n, -1, 1, generator) * (1 - width)
    y = _uniform(n, -1, 1, generator) * (1 - height)
    angle = _uniform(n, -augmentation.max_rotation, augmentation.max_rotation, generator) * math.pi / 180
    sign = _uniform(n, -1, 1, generator).sign() if augmentation.mirror else torch.ones(n)
    return torch.stack(
        [
            torch.stack([sign * width * angle.cos(), -height * angle.sin(), x], 1),
            torch.stack([sign * width * angle.sin(), height * angle.cos(), y], 1),
        ],
        1,
    )


def _uniform(n: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(n, generator=generator) * (high - low) + low
