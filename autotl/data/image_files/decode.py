"""Decode any image file to an upright 8-bit RGB image."""

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

from autotl.api import PixelScale
from autotl.api.pixel_scale import Span
from autotl.data.image_files.bit_depth import (
    attach_deep_values,
    deep_raw_mode,
    deep_values_of,
    read_16_bit_colours,
    stores_white_as_zero,
)
from autotl.data.image_files.exif import CAPTURE_KEY, captured
from autotl.data.image_files.list_files import is_special_file
from autotl.data.image_files.pixel_scaling import own_span, span_for, to_8_bits, without_alpha
from autotl.data.image_files.suffixes import register_heif, why_unreadable
from autotl.errors import AutotlError, DataError

# An explicit list, because Pillow would start Ghostscript for an EPS file that is named photo.jpg.
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF", "HEIF")

_ORIENTATION = 0x0112
_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def open_image(source: Path | bytes) -> Image.Image:
    """Decode the first frame of an image file, as :func:`upright_rgb` does.

    Args:
        source: The path of the file, or its bytes.

    Raises:
        DataError: The suffix is not readable, the path is no regular file, or the image has more pixels
            than Pillow's ``MAX_IMAGE_PIXELS``.
        OSError: The file is missing, damaged or no image.
    """
    if isinstance(source, Path) and (why := why_unreadable(source.name)):
        raise DataError(why)
    if isinstance(source, Path) and is_special_file(source):
        raise DataError("it is a pipe, a socket or a device, not a file")
    stream = BytesIO(source) if isinstance(source, bytes) else source
    with Image.open(stream, formats=readable_formats()) as image:
        limit = Image.MAX_IMAGE_PIXELS
        if limit is not None and image.width * image.height > limit:
            raise DataError(
                f"{image.width} × {image.height} pixels are more than the {limit:,} that are decoded"
            )
        return _decode(image, source)


def upright_rgb(image: Image.Image, scale: PixelScale | None = None) -> Image.Image:
    """Convert an image to RGB and rotate it by its EXIF orientation.

    Grey values are repeated in all channels, and transparent pixels lie on white. An upright RGB image is
    returned unchanged. Values of more than 8 bits become 8 bits by ``scale``. Without a scale for them, the
    image is scaled by its own extremes and the values stay attached. The result can be passed here again with
    a scale.

    Args:
        image: The image, in any mode.
        scale: The pixel values that become black and white; None if they are not known yet.
    """
    if deep_values_of(image) is None:
        image = _decode(image, getattr(image, "filename", None))
    values = deep_values_of(image)
    if values is None or scale is None:
        return image
    span = span_for(values, scale)
    if span is None:
        return image
    rgb, capture = image_from_values(values, span), captured(image)
    if capture is not None:
        rgb.info[CAPTURE_KEY] = capture
    return rgb


def image_from_values(values: NDArray[Any], span: Span) -> Image.Image:
    """Return the RGB image of pixel values.

    Args:
        values: Pixel values, (h, w) or (h, w, channels).
        span: The values of black and white.
    """
    shown = to_8_bits(without_alpha(values), span)
    if shown.ndim == 3 and shown.shape[2] == 1:
        shown = shown[..., 0]
    rgb = Image.fromarray(shown).convert("RGB")
    if without_alpha(values) is values:
        return rgb
    opaque = (0, 65535) if values.dtype == np.uint16 else span
    transparent = rgb.convert("RGBA")
    transparent.putalpha(Image.fromarray(to_8_bits(values[..., -1], opaque)))
    return _on_white(transparent)


def pixel_digest(image: Image.Image) -> str:
    """Return a digest of the pixels of an RGB image.

    Two images have the same digest only if all their pixels are equal.
    """
    digest = hashlib.blake2b(f"{image.height}x{image.width}:".encode(), digest_size=16)
    digest.update(image.tobytes())
    return digest.hexdigest()


def failure_reason(error: BaseException) -> str:
    """Explain to the user why an image could not be opened."""
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
def without_pillow_warnings() -> Iterator[None]:
    """Silence Pillow's warnings, but raise those about decompression bombs."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


@cache
def readable_formats() -> list[str]:
    """Return Pillow's names of the formats that are read."""
    Image.init()
    register_heif()
    return [name for name in _FORMATS if name in Image.OPEN]


def _orientation(image: Image.Image) -> Any:
    try:
        return image.getexif().get(_ORIENTATION)
    except Exception:  # Pillow raises many kinds of errors on a damaged EXIF block; the pixels are intact
        return None


def _decode(image: Image.Image, source: Path | str | bytes | None) -> Image.Image:
    """Return the upright RGB image, with deep values attached."""
    raw_mode, inverted = deep_raw_mode(image) if source else None, stores_white_as_zero(image)
    image.load()
    transpose = _TRANSPOSES.get(_orientation(image))

    def rotate(unrotated: Image.Image) -> Image.Image:
        return unrotated if transpose is None else unrotated.transpose(transpose)

    values = None
    if raw_mode and source:
        origin = source if isinstance(source, bytes) else Path(source)
        values = read_16_bit_colours(image, origin, raw_mode, rotate)
    upright = rotate(Image.fromarray(65535 - np.asarray(image)) if inverted else image)
    rgb, capture = _to_rgb(upright), captured(image)
    if image.mode == "F" or image.mode.startswith("I"):
        values = np.asarray(upright)
    if rgb is not image:
        rgb.info = {}  # without EXIF, no later call rotates the image again
    if capture is not None:
        rgb.info[CAPTURE_KEY] = capture
    if values is not None:
        attach_deep_values(rgb, values)
    return rgb


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        values = np.asarray(image)
        return image_from_values(values, own_span(values))
    if image.mode in ("La", "RGBa"):  # premultiplied alpha
        image = image.convert(image.mode.upper())
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        return _on_white(image.convert("RGBA"))
    return image if image.mode == "RGB" else image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
