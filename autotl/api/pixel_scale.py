"""Which pixel values of a data set are black, and which are white."""

from __future__ import annotations

from dataclasses import dataclass

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PixelScale:
    """The pixel values that are black and white in all images of a data set.

    Images of 8 bits need no scale: 0 is black and 255 is white. ``integers`` holds for whole numbers of more
    than 8 bits and ``floats`` for floats; each is None if the data set has no such image.

    >>> PixelScale(integers=(0, 4095))  # a camera of 12 bits whose images are stored in 16
    PixelScale(integers=(0, 4095), floats=None)
    """

    integers: Span | None = None
    floats: Span | None = None
