"""Read the camera and the capture time of a photograph from EXIF."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from PIL import Image

CAPTURE_KEY = "_autotl_captured"
"""Key in ``info`` under which :func:`autotl.data.upright_rgb` keeps the result, since it drops EXIF.

The value is a tuple. Pillow also keeps the text chunks of PNG files in ``info``, but as strings.
"""

_MAKE, _MODEL, _EXIF = 0x010F, 0x0110, 0x8769
_ORIGINAL_TIME, _SUBSECOND, _SERIAL = 0x9003, 0x9291, 0xA431


def captured(image: Image.Image) -> tuple[str, float] | None:
    """Return the camera and the capture time; None if EXIF lacks them.

    The camera is make, model and serial number. The time is in seconds since 1970, without time zone.
    """
    known = image.info.get(CAPTURE_KEY)
    if isinstance(known, tuple):
        camera, second = known
        return str(camera), float(second)
    try:
        exif = image.getexif()
        if not exif or not (details := exif.get_ifd(_EXIF)) or _ORIGINAL_TIME not in details:
            return None
        time = datetime.strptime(_text(details[_ORIGINAL_TIME]), "%Y:%m:%d %H:%M:%S")
        second = (time - datetime(1970, 1, 1)).total_seconds()
        fraction = _text(details.get(_SUBSECOND, ""))
        names = map(_text, (exif.get(_MAKE, ""), exif.get(_MODEL, ""), details.get(_SERIAL, "")))
        camera = " ".join(filter(None, names))
        return camera, second + (float(f"0.{fraction}") if fraction.isdecimal() else 0.0)
    except Exception:  # Pillow raises many kinds of errors on a damaged EXIF block
        return None


def _text(value: Any) -> str:
    return str(value).strip().strip("\0")
