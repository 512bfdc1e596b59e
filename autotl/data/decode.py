"""Turn any stored image into an upright 8-bit RGB one, always in the same way."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from autotl.data.capture import CAPTURED, captured
from autotl.data.walk import is_special
from autotl.errors import AutotlError, DataError

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".jp2", ".avif"}
    | {".ppm", ".pgm", ".pbm", ".pnm"}
)
# A list of our own: Pillow would also start Ghostscript on an EPS file that is called photo.jpg.
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF")

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def open_image(source: Path | bytes) -> Image.Image:
    """The picture in a file, or in the bytes of one, as :func:`upright_rgb` makes it.

    Of several frames the first is taken. Raises DataError for more pixels than Pillow's ``MAX_IMAGE_PIXELS``,
    and what Pillow raises for a file that is missing, broken or no image.
    """
    if isinstance(source, Path) and is_special(source):
        raise DataError("it is a pipe, a socket or a device, not a file")
    stream = BytesIO(source) if isinstance(source, bytes) else source
    with Image.open(stream, formats=_formats()) as image:
        limit = Image.MAX_IMAGE_PIXELS
        if limit is not None and image.width * image.height > limit:
            raise DataError(
                f"{image.width} × {image.height} pixels are more than the {limit:,} that are decoded"
            )
        return upright_rgb(image)


def upright_rgb(image: Image.Image) -> Image.Image:
    """``image`` in RGB, turned as its EXIF orientation says. An upright RGB image comes back as it is.

    Grey values are repeated; what is transparent lies on white. Integers of more than 8 bits are scaled by
    the smallest of 8, 12 and 16 bits that holds them, floats from [0, 1] or [0, 255]; any other range is
    stretched from its minimum to its maximum.
    """
    image.load()
    upright = image.transpose(_TURNS[turn]) if (turn := _orientation(image)) in _TURNS else image
    rgb, when = _rgb(upright), captured(image)
    if rgb is not image:
        rgb.info = {}  # the orientation has been seen to: whoever looks again must not turn it twice
    if when is not None:
        rgb.info[CAPTURED] = when
    return rgb


def digest(image: Image.Image) -> str:
    """Names the pixels of an RGB image: two images have the same digest only where they look the same."""
    name = hashlib.blake2b(f"{image.height}x{image.width}:".encode(), digest_size=16)
    name.update(image.tobytes())
    return name.hexdigest()


def reason(error: BaseException) -> str:
    """Why an image could not be opened, in words for its owner."""
    match error:
        case AutotlError():
            return str(error)
        case FileNotFoundError():
            return "no such file"
        case UnidentifiedImageError():
            return "not an image of a known format"
        case Image.DecompressionBombError() | Image.DecompressionBombWarning():
            return f"more pixels than the {Image.MAX_IMAGE_PIXELS:,} that are decoded"
        case _:
            return f"{type(error).__name__}: {error}"


@contextmanager
def quietly() -> Iterator[None]:
    """Decode without Pillow's warnings: an image bomb is an error, a damaged EXIF block is no matter."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


@cache
def _formats() -> list[str]:
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def _orientation(image: Image.Image) -> Any:
    try:
        return image.getexif().get(_ORIENTATION)
    except (
        Exception
    ):  # Pillow raises all kinds of things on a damaged EXIF block: the picture itself is sound
        return None


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        return _grey(_integers_to_8_bits(np.asarray(image).astype(np.int64)))
    if image.mode == "F":
        return _grey(_floats_to_8_bits(np.asarray(image).astype(np.float64)))
    if image.mode in ("La", "RGBa"):  # alpha already multiplied in: undone first
        image = image.convert(image.mode.upper())
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _grey(values: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(values).convert("RGB")


def _integers_to_8_bits(values: NDArray[np.int64]) -> NDArray[np.uint8]:
    low, high = int(values.min()), int(values.max())
    for bits in (8, 12, 16):
        if low >= 0 and high < 2**bits:
            return _rounded(values.astype(np.float64) * (255 / (2**bits - 1)))
    return _stretched(values.astype(np.float64))


def _floats_to_8_bits(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    if not np.isfinite(values).all():
        raise DataError("some of its pixels are not finite numbers")
    low, high = values.min(), values.max()
    if low >= 0 and high <= 255:
        return _rounded(values * (255 if high <= 1 else 1))
    return _stretched(values)


def _stretched(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    low, high = values.min(), values.max()
    return _rounded((values - low) * (255 / (high - low) if high > low else 0))


def _rounded(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    whole: NDArray[np.uint8] = np.rint(values).astype(np.uint8)
    return whole
