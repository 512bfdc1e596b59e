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

from autotl.api import PixelScale
from autotl.api.pixel_scale import Span
from autotl.data.image_files.capture import CAPTURED, captured
from autotl.data.image_files.depth import colour_values, deep_form, depth_of, keep_depth
from autotl.data.image_files.endings import why_unreadable, with_heif
from autotl.data.image_files.scaling import colours, own_span, to_8_bits
from autotl.data.image_files.walk import is_special
from autotl.errors import AutotlError, DataError

# A list of our own: Pillow would also start Ghostscript on an EPS file that is called photo.jpg.
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF", "HEIF")

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

    Of several frames the first is taken. Raises DataError for more pixels than Pillow's ``MAX_IMAGE_PIXELS``
    and for an ending that cannot be read here,
    and what Pillow raises for a file that is missing, broken or no image.
    """
    if isinstance(source, Path) and (why := why_unreadable(source.name)):
        raise DataError(why)
    if isinstance(source, Path) and is_special(source):
        raise DataError("it is a pipe, a socket or a device, not a file")
    stream = BytesIO(source) if isinstance(source, bytes) else source
    with Image.open(stream, formats=_formats()) as image:
        limit = Image.MAX_IMAGE_PIXELS
        if limit is not None and image.width * image.height > limit:
            raise DataError(
                f"{image.width} × {image.height} pixels are more than the {limit:,} that are decoded"
            )
        return _decoded(image, source)


def upright_rgb(image: Image.Image, scale: PixelScale | None = None) -> Image.Image:
    """``image`` in RGB, turned as its EXIF orientation says. An upright RGB image comes back as it is.

    Grey values are repeated; what is transparent lies on white. Values of more than 8 bits become 8 bits by
    ``scale``, and are kept beside the image otherwise: it can be given here again when the scale is known.
    Until then the image is scaled by its own extremes, whole numbers by the smallest of 8, 12 and 16 bits
    that holds them.
    """
    if depth_of(image) is None:
        image = _decoded(image, getattr(image, "filename", None))
    values = depth_of(image)
    if values is None or scale is None:
        return image
    span = scale.floats if values.dtype.kind == "f" else scale.integers
    if span is None:
        return image
    rgb, when = image_of_values(values, span), captured(image)
    if when is not None:
        rgb.info[CAPTURED] = when
    return rgb


def image_of_values(values: NDArray[Any], span: Span) -> Image.Image:
    """The RGB image of values (h, w) or (h, w, channels) if ``span`` becomes black to white."""
    shown = to_8_bits(colours(values), span)
    if shown.ndim == 3 and shown.shape[2] == 1:
        shown = shown[..., 0]
    rgb = Image.fromarray(shown).convert("RGB")
    if colours(values) is values:
        return rgb
    opaque = (0, 65535) if values.dtype == np.uint16 else span
    clear = rgb.convert("RGBA")
    clear.putalpha(Image.fromarray(to_8_bits(values[..., -1], opaque)))
    return _on_white(clear)


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
    with_heif()
    return [name for name in _FORMATS if name in Image.OPEN]


def _orientation(image: Image.Image) -> Any:
    try:
        return image.getexif().get(_ORIENTATION)
    except (
        Exception
    ):  # Pillow raises all kinds of things on a damaged EXIF block: the picture itself is sound
        return None


def _decoded(image: Image.Image, source: Path | str | bytes | None) -> Image.Image:
    """The upright RGB image, with its values beside it if they have more than 8 bits."""
    form = deep_form(image) if source else None
    image.load()
    turn = _TURNS.get(_orientation(image))

    def turned(each: Image.Image) -> Image.Image:
        return each if turn is None else each.transpose(turn)

    values = None
    if form and source:
        origin = source if isinstance(source, bytes) else Path(source)
        values = colour_values(image, origin, form, turned)
    rgb, when = _rgb(turned(image)), captured(image)
    if image.mode == "F" or image.mode.startswith("I"):
        values = np.asarray(turned(image))
    if rgb is not image:
        rgb.info = {}  # the orientation has been seen to: whoever looks again must not turn it twice
    if when is not None:
        rgb.info[CAPTURED] = when
    if values is not None:
        keep_depth(rgb, values)
    return rgb


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        values = np.asarray(image)
        return image_of_values(values, own_span(values))
    if image.mode in ("La", "RGBa"):  # alpha already multiplied in: undone first
        image = image.convert(image.mode.upper())
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        return _on_white(image.convert("RGBA"))
    return image if image.mode == "RGB" else image.convert("RGB")


def _on_white(clear: Image.Image) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
