"""Read from EXIF which camera took a picture, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from PIL import Image

CAPTURED = "_autotl_captured"
"""Where :func:`autotl.data.upright_rgb` keeps the result in ``info`` of an image, which has lost its EXIF.

Pillow keeps text chunks of PNG files in ``info`` too, as strings and under keys that the file chooses.
"""

_MAKE, _MODEL, _EXIF = 0x010F, 0x0110, 0x8769
_ORIGINAL, _SUBSECOND, _SERIAL = 0x9003, 0x9291, 0xA431


def captured(image: Image.Image) -> tuple[str, float] | None:
    """Return the camera and the second at which it took the picture; None if EXIF does not say."""
    known = image.info.get(CAPTURED)
    if isinstance(known, tuple):
        camera, second = known
        return str(camera), float(second)
    try:
        exif = image.getexif()
        if not exif or not (more := exif.get_ifd(_EXIF)) or _ORIGINAL not in more:
            return None
        when = datetime.strptime(_text(more[_ORIGINAL]), "%Y:%m:%d %H:%M:%S")
        second = (when - datetime(1970, 1, 1)).total_seconds()
        part = _text(more.get(_SUBSECOND, ""))
        names = map(_text, (exif.get(_MAKE, ""), exif.get(_MODEL, ""), more.get(_SERIAL, "")))
        camera = " ".join(filter(None, names))
        return camera, second + (float(f"0.{part}") if part.isdecimal() else 0.0)
    except Exception:  # Pillow raises all kinds of things on a damaged EXIF block
        return None


def _text(value: Any) -> str:
    return str(value).strip().strip("\0")
