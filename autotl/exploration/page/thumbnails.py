"""Make the small JPEG images of the page."""

from __future__ import annotations

import base64
from io import BytesIO

from PIL import Image

from autotl.api import PixelScale
from autotl.data import UnlabelledImage, upright_rgb, without_pillow_warnings

SIDE = 112
"""The longer side of a thumbnail in pixels."""
MAX_BYTES = 8_000
"""The size of a thumbnail that no quality may exceed."""
_QUALITIES = (75, 55, 35, 15)


def thumbnail_uri(image: UnlabelledImage, scale: PixelScale) -> str:
    """Return an image as a small JPEG in a data URI.

    It is "" if the image cannot be read any more, or no quality makes it small enough.
    """
    try:
        with without_pillow_warnings():
            small = upright_rgb(image.open(), scale).copy()
    except Exception:  # a plugin's opener may raise anything; the page shows the name alone
        return ""
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    small.info = {}  # no EXIF block: it may hold a place or a larger preview
    for quality in _QUALITIES:
        file = BytesIO()
        small.save(file, "JPEG", quality=quality)
        if file.tell() <= MAX_BYTES:
            return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
    return ""
