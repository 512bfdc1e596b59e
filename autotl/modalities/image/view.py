"""Resize and crop images as a network expects them, without normalisation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.api import DataConfig
from autotl.errors import DataError, UnknownName
from autotl.importing.vision import timm

Transform = Callable[[Image.Image], NDArray[np.uint8]]

_INTERPOLATIONS = ("bicubic", "bilinear", "box", "hamming", "lanczos", "nearest")
_CROP_MODES = ("border", "center", "squash")
_MAX_ASPECT_RATIO = 16
"""Aspect ratio above which the ends of an image are cut off before its shorter side is resized."""
_MARGIN = 8 / 7  # 256 pixels for crops of 224 pixels, the usual size for random crops


@dataclass(frozen=True, slots=True)
class View:
    """A fixed preprocessing of images, with or without a margin.

    Without a margin it is timm's preprocessing for evaluation. A margin serves random crops.

    >>> view = View(input_size=32, interpolation="bicubic", crop_pct=1.0, crop_mode="center")
    >>> view.transform()(Image.new("RGB", (48, 64))).shape
    (3, 32, 32)

    Attributes:
        input_size: The input size of the network in pixels, above 0.
        interpolation: The name of the interpolation, such as ``"bicubic"``.
        crop_pct: The share of the image inside the crop, above 0.
        crop_mode: ``"center"``, ``"squash"`` or ``"border"``, as in timm.
        margin: Whether the shorter side becomes ``input_size`` × 8/7 and the central square is kept.
        fill: The colour beside a narrow image, for the crop mode ``"border"``.
    """

    input_size: int
    interpolation: str
    crop_pct: float
    crop_mode: str
    margin: bool = False
    fill: tuple[int, ...] = (124, 116, 104)

    def __post_init__(self) -> None:
        if self.interpolation not in _INTERPOLATIONS:
            raise UnknownName("interpolation", self.interpolation, _INTERPOLATIONS)
        if self.crop_mode not in _CROP_MODES:
            raise UnknownName("crop mode", self.crop_mode, _CROP_MODES)
        if self.input_size < 1 or self.crop_pct <= 0:
            raise DataError(
                f"side and crop_pct must be above 0 (got {self.input_size} pixels and {self.crop_pct}). "
                "Give larger values."
            )

    @property
    def pixels(self) -> int:
        """Height and width of the output in pixels, including the margin."""
        return round(self.input_size * _MARGIN) if self.margin else self.input_size

    @property
    def key(self) -> str:
        """Name of the view in cache keys; equal views have equal keys."""
        if self.margin:
            return f"{self.input_size}+margin-{self.interpolation}"
        fill = "-" + "-".join(map(str, self.fill)) if self.crop_mode == "border" else ""
        return f"{self.input_size}-{self.interpolation}-{self.crop_pct!r}-{self.crop_mode}{fill}"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image, (3, pixels, pixels)."""
        return 3, self.pixels, self.pixels

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """The type of the pixels."""
        return np.dtype(np.uint8)

    def transform(self) -> Transform:
        """Return a function from an RGB image to its pixels.

        The pixels are uint8 (3, pixels, pixels).
        """
        factory: Any = timm.data  # typed in part
        steps = factory.create_transform(
            input_size=self.pixels,
            is_training=False,
            use_prefetcher=True,  # keeps the pixels as uint8
            interpolation=self.interpolation,
            mean=tuple(value / 255 for value in self.fill),  # timm derives the border colour from it
            crop_pct=1.0 if self.margin else self.crop_pct,
            crop_mode="center" if self.margin else self.crop_mode,
        )

        # an image that is resized by its longer side does not grow, but its width must not become 0
        mode = "center" if self.margin else self.crop_mode
        max_ratio = {"center": _MAX_ASPECT_RATIO, "border": self.pixels}.get(mode)

        def transform(image: Image.Image) -> NDArray[np.uint8]:
            pixels: NDArray[np.uint8] = steps(_cut_ends(image, max_ratio) if max_ratio else image).numpy()
            return pixels

        return transform


def image_view(config: DataConfig, *, input_size: int, margin: bool = False) -> View:
    """Return the view that weights for images expect.

    Args:
        config: The configuration of the weights.
        input_size: The size in pixels.
        margin: Whether to keep a margin for random crops.
    """
    fill = tuple(round(255 * value) for value in config.mean)
    return View(input_size, config.interpolation, config.crop_pct, config.crop_mode, margin, fill)


def _cut_ends(image: Image.Image, max_ratio: int) -> Image.Image:
    """Cut an image at both ends to at most this aspect ratio."""
    short, long = sorted(image.size)
    if long <= max_ratio * short:
        return image
    cut = (long - max_ratio * short) // 2
    if image.width > image.height:
        return image.crop((cut, 0, image.width - cut, image.height))
    return image.crop((0, cut, image.width, image.height - cut))
