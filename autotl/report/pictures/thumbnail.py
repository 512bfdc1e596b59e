"""Make small WebP files of images."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from autotl.data import upright_rgb
from autotl.report.pictures.embed import MAX_BYTES

SIDE = 96
"""The longest side of a thumbnail in pixels."""
_QUALITIES = (75, 50, 25)


def webp_thumbnail(image: Image.Image) -> bytes:
    """Return an image as a small WebP file.

    It is upright, in RGB and without metadata, and never enlarged. The file is empty if no quality makes it
    small enough.
    """
    small = upright_rgb(image).copy()
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    small.info = {}  # EXIF may hold a place or a larger preview
    for quality in _QUALITIES:
        file = BytesIO()
        small.save(file, "WEBP", quality=quality)
        if file.tell() <= MAX_BYTES:
            return file.getvalue()
    return b""
