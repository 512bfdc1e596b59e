"""Decide which pixel values are black and white, for all images of a data set at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import PixelScale
from autotl.api.pixel_scale import Span
from autotl.errors import DataError

BITS = (8, 10, 12, 14, 16)
_HOT = 10_000
"""One of so many values of an image may lie outside the range: cameras have hot and dead pixels."""
_HAIR = 0.01
"""The share of a scale by which floats may leave it, as interpolation and rounding make them do."""
_NARROW = 0.25
"""Values that span a smaller share of their scale, as those of thermal cameras do, are stretched."""


@dataclass(frozen=True, slots=True)
class Extremes:
    """The smallest and the largest pixel value of one image.

    Attributes:
        floats: whether the values are floats, and not whole numbers.
        low: the smallest value, without dead pixels.
        high: the largest value, without hot pixels.
        bottom: the smallest value.
        top: the largest value.
    """

    floats: bool
    low: float
    high: float
    bottom: float
    top: float


def colours(values: NDArray[Any]) -> NDArray[Any]:
    """The values (h, w) or (h, w, channels) without those of an alpha channel."""
    return values[..., :-1] if values.ndim == 3 and values.shape[2] in (2, 4) else values


def extremes_of(values: NDArray[Any]) -> Extremes:
    """Find the extremes of the values (h, w) or (h, w, channels) of an image."""
    flat = colours(values).ravel()
    bottom, top = flat.min(), flat.max()
    spared = len(flat) // _HOT
    ordered = np.partition(flat, [spared, len(flat) - 1 - spared])
    low, high = ordered[spared], ordered[len(flat) - 1 - spared]
    if low == high:  # the few other values are all there is to see
        low, high = bottom, top
    return Extremes(values.dtype.kind == "f", *map(float, (low, high, bottom, top)))


def decide(found: Iterable[Extremes]) -> PixelScale:
    """Choose the scale that holds the values of all images.

    Whole numbers are on the smallest of 8, 10, 12, 14 and 16 bits that holds them, floats in [0, 1] or
    [0, 255]. Other values, and those that span less than a quarter of their scale, are stretched.
    """
    each = list(found)
    return PixelScale(
        _integers([one for one in each if not one.floats]), _floats([one for one in each if one.floats])
    )


def notes_on(scale: PixelScale, found: Sequence[Extremes]) -> list[str]:
    """Say for the user which scale was chosen, and from what."""
    said = []
    for what, span, own in (
        ("whole numbers of more than 8 bits", scale.integers, [one for one in found if not one.floats]),
        ("floats", scale.floats, [one for one in found if one.floats]),
    ):
        if span is None:
            continue
        low, high = min(one.bottom for one in own), max(one.top for one in own)
        cut = sum(one.bottom < span[0] or one.top > span[1] for one in own)
        said.append(
            f"The pixels of {len(own)} images are {what}, between {low:.6g} and {high:.6g}. In all of them "
            f"{span[0]:.6g} is black and {span[1]:.6g} is white."
            + (f" Pixels outside, in {cut} images, are clipped." if cut else "")
        )
    return said


def to_8_bits(values: NDArray[Any], span: Span) -> NDArray[np.uint8]:
    """Map ``span`` to 0…255; values outside are clipped."""
    low, high = span
    shown = (values.astype(np.float64) - low) * (255 / (high - low) if high > low else 0)
    whole: NDArray[np.uint8] = np.rint(shown.clip(0, 255)).astype(np.uint8)
    return whole


def own_span(values: NDArray[Any]) -> Span:
    """The range of one image by itself, if no scale is known: of models that were saved without one.

    Whole numbers are on the smallest of 8, 12 and 16 bits that holds them, floats in [0, 1] or [0, 255]; any
    other range is stretched. Raises DataError for floats that are not finite.
    """
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise DataError("some of its pixels are not finite numbers")
    low, high = float(colours(values).min()), float(colours(values).max())
    tops = (1, 255) if values.dtype.kind == "f" else (2**8 - 1, 2**12 - 1, 2**16 - 1)
    return next(((0, top) for top in tops if low >= 0 and high <= top), (low, high))


def _range(found: Sequence[Extremes]) -> Span:
    return min(each.low for each in found), max(each.high for each in found)


def _integers(found: Sequence[Extremes]) -> Span | None:
    if not found:
        return None
    low, high = _range(found)
    bits = next((bits for bits in BITS if low >= 0 and high < 2**bits), None)
    if bits == 8:
        return 0, 255
    top = 0 if bits is None else 2**bits - 1
    return (0, top) if bits and high - low >= _NARROW * top else (low, high)


def _floats(found: Sequence[Extremes]) -> Span | None:
    if not found:
        return None
    low, high = _range(found)
    if is_within((low, high), 1):
        return 0, 1
    return (0, 255) if is_within((low, high), 255) and high - low >= _NARROW * 255 else (low, high)


def is_within(span: Span, top: float) -> bool:
    """Whether floats in ``span`` are on the scale of 0 to ``top``, but for a hair."""
    return span[0] >= -_HAIR * top and span[1] <= (1 + _HAIR) * top


def completed(known: PixelScale | None, own: PixelScale) -> PixelScale:
    """Return the scale that a model learned from, completed by that of images where it is open.

    Raises:
        DataError: The floats are on the other usual scale: 0 to 1 where the model knows 0 to 255, or the
            other way round.
    """
    known = known or PixelScale()
    usual = ((0, 1), (0, 255))
    theirs, ours = known.floats, own.floats
    if theirs and ours and theirs in usual and ours in usual and ours != theirs:
        raise DataError(
            f"The model learned from floats between 0 and {theirs[1]:g}, but these images have floats "
            f"between 0 and {ours[1]:g}. Bring them to the model's scale."
        )
    return PixelScale(known.integers or own.integers, known.floats or own.floats)
