"""Keep pixel values of more than 8 bits beside an image."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, TiffImagePlugin

_INFO_KEY = "_autotl_depth"
_OPPOSITE_ORDER = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
_COLOUR_MODES = frozenset(
    f"{mode};16{order}" for mode in ("RGB", "RGBX", "RGBA") for order in _OPPOSITE_ORDER
)
_GREY_ALPHA_MODE = "LA;16B"
_PHOTOMETRIC_TAG = 262  # of a TIFF; 0 means that white is stored as 0


@dataclass(frozen=True, slots=True, eq=False)
class _DeepValues:
    values: NDArray[Any]
    pixels: object


def attach_deep_values(image: Image.Image, values: NDArray[Any]) -> None:
    """Attach the values that ``image`` was made from.

    Args:
        image: The RGB image.
        values: Its pixel values, (h, w) or (h, w, channels).
    """
    image.info[_INFO_KEY] = _DeepValues(values, image.im)


def deep_values_of(image: Image.Image) -> NDArray[Any] | None:
    """Return the attached values of an unchanged image, or None."""
    kept = image.info.get(_INFO_KEY)
    # Pillow copies `info` to cropped or rotated images, but the values belong to the original pixels
    return kept.values if isinstance(kept, _DeepValues) and kept.pixels is image.im else None


def deep_raw_mode(image: Image.Image) -> str | None:
    """Return Pillow's raw mode of an undecoded 16-bit colour image.

    It is None for other images.
    """
    if not isinstance(image, ImageFile.ImageFile) or not image.tile:
        return None
    mode = _raw_mode(image.tile[0])
    return mode if mode in _COLOUR_MODES or mode == _GREY_ALPHA_MODE else None


def stores_white_as_zero(image: Image.Image) -> bool:
    """Return whether an undecoded 16-bit grey TIFF stores white as 0.

    Pillow inverts such images itself only if they have 8 bits.
    """
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or not image.tile:
        return False
    return image.tag_v2.get(_PHOTOMETRIC_TAG) == 0 and _raw_mode(image.tile[0]).startswith("I;16")


def read_16_bit_colours(
    image: Image.Image, source: Path | bytes, raw_mode: str, rotate: Callable[[Image.Image], Image.Image]
) -> NDArray[np.uint16] | None:
    """Read all 16 bits of a colour image.

    Pillow itself keeps only the high byte.

    Args:
        image: The decoded image.
        source: Its file, or the bytes of it.
        raw_mode: The result of :func:`deep_raw_mode`.
        rotate: Rotates an image upright.

    Returns:
        The values (h, w, channels), or None if the tiles of the file have several raw modes.
    """
    # The same bytes, read in the opposite byte order, give the low byte instead of the high byte.
    opposite = "RGBA" if raw_mode == _GREY_ALPHA_MODE else raw_mode[:-1] + _OPPOSITE_ORDER[raw_mode[-1]]
    stream = BytesIO(source) if isinstance(source, bytes) else source
    with Image.open(stream, formats=[str(image.format)]) as again:
        if not isinstance(again, ImageFile.ImageFile) or any(
            _raw_mode(tile) != raw_mode for tile in again.tile
        ):
            return None
        again.tile = [_with_raw_mode(tile, opposite) for tile in again.tile]
        again.load()
        high, low = np.asarray(rotate(image)), np.asarray(rotate(again))
    if raw_mode == _GREY_ALPHA_MODE:  # channels: grey high, grey low, alpha high, alpha low
        high, low = low[..., ::2], low[..., 1::2]
    values: NDArray[np.uint16] = high.astype(np.uint16) << 8 | low
    return values


def _raw_mode(tile: Any) -> str:
    arguments = tile[3]
    return str(arguments[0] if isinstance(arguments, tuple) and arguments else arguments)


def _with_raw_mode(tile: Any, raw_mode: str) -> Any:
    arguments = (raw_mode, *tile[3][1:]) if isinstance(tile[3], tuple) else raw_mode
    fields = (*tile[:3], arguments)
    return type(tile)(*fields) if hasattr(tile, "_fields") else fields
