"""Read the size of an image from its header."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from autotl.data.image_files.decode import readable_formats


def header_size(content: bytes) -> tuple[int, int]:
    """Return the width and height that a file states, in pixels.

    Nothing is decoded.

    Raises:
        OSError: The file is no image of a known format.
        DecompressionBombError: The size is more than Pillow opens.
    """
    with Image.open(BytesIO(content), formats=readable_formats()) as image:
        return image.size
