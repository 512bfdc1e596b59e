"""Draw the heat of positions over an image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MIN_SIDE = 320
"""The least side of an overlay in pixels; smaller images are enlarged."""
OPACITY = 0.65
"""The opacity of the hottest position."""
_STOPS = (0.0, 0.35, 0.7, 1.0)
_COLOURS = ((40, 0, 90), (190, 30, 110), (250, 130, 40), (255, 245, 150))
"""Colours of rising brightness, which also readers see who confuse red and green."""


def overlay(pixels: NDArray[np.uint8], heat: NDArray[np.float32]) -> Image.Image:
    """Return an image with its heat on it.

    Args:
        pixels: The image as the network gets it, uint8 (3, s, s).
        heat: The heat of positions, (h, w), in [0, 1].
    """
    side = pixels.shape[-1]
    wide = side * max(1, -(-MIN_SIDE // side))
    image = Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    base = np.asarray(image.resize((wide, wide), Image.Resampling.BICUBIC), dtype=np.float32)
    smooth = Image.fromarray(heat.astype(np.float32)).resize((wide, wide), Image.Resampling.BICUBIC)
    shown = np.asarray(smooth, dtype=np.float32).clip(0, 1)
    colours = np.stack(
        [np.interp(shown, _STOPS, [colour[channel] for colour in _COLOURS]) for channel in range(3)], axis=-1
    )
    opacity = OPACITY * shown[..., None]
    mixed = base * (1 - opacity) + colours * opacity
    return Image.fromarray(np.rint(mixed.clip(0, 255)).astype(np.uint8))
