"""The black and white pixel values of a data set."""

from __future__ import annotations

from dataclasses import dataclass

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PixelScale:
    """Pixel values of black and white, the same for all images.

    Images of 8 bits need no scale: 0 is black and 255 is white. ``integers`` holds for whole numbers of more
    than 8 bits and ``floats`` for floats; each is None if the data set has no such image.

    >>> PixelScale(integers=(0, 4095))  # a camera of 12 bits whose images are stored in 16
    PixelScale(integers=(0, 4095), floats=None)
    """

    integers: Span | None = None
    floats: Span | None = None
