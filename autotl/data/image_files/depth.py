"""Keep pixel values of more than 8 bits beside the RGB image that is made of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

_KEY = "_autotl_depth"
_OPPOSITE = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
_COLOUR = frozenset(f"{form};16{order}" for form in ("RGB", "RGBX", "RGBA") for order in _OPPOSITE)
_GREY_WITH_ALPHA = "LA;16B"


@dataclass(frozen=True, slots=True, eq=False)
class _Depth:
    values: NDArray[Any]
    pixels: object


def keep_depth(image: Image.Image, values: NDArray[Any]) -> None:
    """Keep the values (h, w) or (h, w, channels) that ``image`` was made of."""
    image.info[_KEY] = _Depth(values, image.im)


def depth_of(image: Image.Image) -> NDArray[Any] | None:
    """The values that were kept; None if there are none, or if the image was changed since."""
    kept = image.info.get(_KEY)
    # Pillow copies `info` to what it crops or turns: the values belong to the first pixels alone
    return kept.values if isinstance(kept, _Depth) and kept.pixels is image.im else None


def deep_form(image: Image.Image) -> str | None:
    """How a colour image of 16 bits, not yet decoded, lies in its file; None for every other image."""
    if not isinstance(image, ImageFile.ImageFile) or not image.tile or "transparency" in image.info:
        return None
    form = _form(image.tile[0])
    return form if form in _COLOUR or form == _GREY_WITH_ALPHA else None


def colour_values(
    image: Image.Image, source: Path | bytes, form: str, turned: Callable[[Image.Image], Image.Image]
) -> NDArray[np.uint16] | None:
    """Read all 16 bits of a colour image, of which Pillow keeps the high byte.

    Args:
        image: the image, decoded.
        source: the file it is from, or the bytes of one.
        form: what :func:`deep_form` said of it.
        turned: makes an image upright.

    Returns:
        The values (h, w, channels), or None if the file is laid out in several ways.
    """
    # The same bytes, read as if their order were the opposite, give the low byte in place of the high one.
    other = "RGBA" if form == _GREY_WITH_ALPHA else form[:-1] + _OPPOSITE[form[-1]]
    stream = BytesIO(source) if isinstance(source, bytes) else source
    with Image.open(stream, formats=[str(image.format)]) as again:
        if not isinstance(again, ImageFile.ImageFile) or any(_form(tile) != form for tile in again.tile):
            return None
        again.tile = [_read_as(tile, other) for tile in again.tile]
        again.load()
        high, low = np.asarray(turned(image)), np.asarray(turned(again))
    if form == _GREY_WITH_ALPHA:  # grey high, grey low, alpha high, alpha low
        high, low = low[..., ::2], low[..., 1::2]
    values: NDArray[np.uint16] = high.astype(np.uint16) << 8 | low
    return values


def _form(tile: Any) -> str:
    """How the bytes of a tile are laid out, in Pillow's words."""
    told = tile[3]
    return str(told[0] if isinstance(told, tuple) and told else told)


def _read_as(tile: Any, form: str) -> Any:
    told = (form, *tile[3][1:]) if isinstance(tile[3], tuple) else form
    fields = (*tile[:3], told)
    return type(tile)(*fields) if hasattr(tile, "_fields") else fields
