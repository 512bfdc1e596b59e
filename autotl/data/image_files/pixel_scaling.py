"""Choose the pixel values of black and white for all images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import PixelScale
from autotl.api.pixel_scale import Span
from autotl.errors import DataError

BIT_DEPTHS = (8, 10, 12, 14, 16)
_PIXELS_PER_OUTLIER = 10_000
"""Pixels of an image for each value that may lie outside the range: cameras have hot and dead pixels."""
_FLOAT_TOLERANCE = 0.01
"""Share of a scale by which floats may leave it, because of interpolation and rounding."""
_MIN_SPAN_SHARE = 0.25
"""Values that span a smaller share of their scale, such as temperatures, are stretched."""


@dataclass(frozen=True, slots=True)
class Extremes:
    """The smallest and the largest pixel value of one image.

    Attributes:
        floats: Whether the values are floats instead of whole numbers.
        low: The smallest value, without dead pixels.
        high: The largest value, without hot pixels.
        bottom: The smallest value.
        top: The largest value.
    """

    floats: bool
    low: float
    high: float
    bottom: float
    top: float


def without_alpha(values: NDArray[Any]) -> NDArray[Any]:
    """Return pixel values without the alpha channel.

    The values are (h, w) or (h, w, channels).
    """
    return values[..., :-1] if values.ndim == 3 and values.shape[2] in (2, 4) else values


def span_for(values: NDArray[Any], scale: PixelScale) -> Span | None:
    """Return the span of a scale for these values, or None."""
    return scale.floats if values.dtype.kind == "f" else scale.integers


def extremes_of(values: NDArray[Any]) -> Extremes:
    """Return the extremes of an image's pixel values.

    The values are (h, w) or (h, w, channels).
    """
    flat = without_alpha(values).ravel()
    bottom, top = flat.min(), flat.max()
    outliers = len(flat) // _PIXELS_PER_OUTLIER
    ordered = np.partition(flat, [outliers, len(flat) - 1 - outliers])
    low, high = ordered[outliers], ordered[len(flat) - 1 - outliers]
    if low == high:  # on an even background, the few other values are the content
        low, high = bottom, top
    return Extremes(values.dtype.kind == "f", *map(float, (low, high, bottom, top)))


def choose_scale(found: Iterable[Extremes]) -> PixelScale:
    """Choose the scale that holds the values of all images.

    Whole numbers get the smallest of 8, 10, 12, 14 and 16 bits that holds them. Floats get [0, 1] or
    [0, 255]. Other values, and values that span less than a quarter of their scale, are stretched.
    """
    extremes = list(found)
    return PixelScale(
        _integer_span([each for each in extremes if not each.floats]),
        _float_span([each for each in extremes if each.floats]),
    )


def scale_notes(scale: PixelScale, found: Sequence[Extremes]) -> list[str]:
    """Return notes for the user on a chosen scale."""
    notes = []
    for kind, span, extremes in (
        ("whole numbers of more than 8 bits", scale.integers, [each for each in found if not each.floats]),
        ("floats", scale.floats, [each for each in found if each.floats]),
    ):
        if span is None or not extremes:
            continue
        low, high = min(each.bottom for each in extremes), max(each.top for each in extremes)
        clipped = sum(each.bottom < span[0] or each.top > span[1] for each in extremes)
        notes.append(
            f"The pixels of {len(extremes)} images are {kind}, between {low:.6g} and {high:.6g}. In all of "
            f"these images {span[0]:.6g} is black and {span[1]:.6g} is white."
            + (f" Pixels outside, in {clipped} images, are clipped." if clipped else "")
        )
    return notes


def to_8_bits(values: NDArray[Any], span: Span) -> NDArray[np.uint8]:
    """Map ``span`` to 0…255 and clip values outside."""
    low, high = span
    shown = (values.astype(np.float64) - low) * (255 / (high - low) if high > low else 0)
    whole: NDArray[np.uint8] = np.rint(shown.clip(0, 255)).astype(np.uint8)
    return whole


def own_span(values: NDArray[Any]) -> Span:
    """Return the span of a single image.

    It is used for models that were saved without a scale. Whole numbers get the smallest of 8, 12 and 16 bits
    that holds them, floats get [0, 1] or [0, 255]. Any other range is stretched.

    Raises:
        DataError: Some floats are not finite.
    """
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise DataError("some of its pixels are not finite numbers")
    low, high = float(without_alpha(values).min()), float(without_alpha(values).max())
    tops = (1, 255) if values.dtype.kind == "f" else (2**8 - 1, 2**12 - 1, 2**16 - 1)
    return next(((0, top) for top in tops if low >= 0 and high <= top), (low, high))


def is_within(span: Span, top: float) -> bool:
    """Return whether floats lie in [0, ``top``], with 1 % tolerance."""
    return span[0] >= -_FLOAT_TOLERANCE * top and span[1] <= (1 + _FLOAT_TOLERANCE) * top


def complete_scale(known: PixelScale | None, own: PixelScale) -> PixelScale:
    """Complete the scale of a model with the scale of new images.

    Args:
        known: The scale that the model learned from; its spans are kept.
        own: The scale of the new images, for the spans that the model lacks.

    Raises:
        DataError: The floats are on different usual scales, [0, 1] and [0, 255].
    """
    known = known or PixelScale()
    usual = ((0, 1), (0, 255))
    theirs, ours = known.floats, own.floats
    if theirs and ours and theirs in usual and ours in usual and ours != theirs:
        raise DataError(
            f"The images must have floats between 0 and {theirs[1]:g}, as the model learned "
            f"(got 0 to {ours[1]:g}). Rescale them."
        )
    return PixelScale(known.integers or own.integers, known.floats or own.floats)


def _range(extremes: Sequence[Extremes]) -> Span:
    return min(each.low for each in extremes), max(each.high for each in extremes)


def _integer_span(extremes: Sequence[Extremes]) -> Span | None:
    if not extremes:
        return None
    low, high = _range(extremes)
    bits = next((bits for bits in BIT_DEPTHS if low >= 0 and high < 2**bits), None)
    if bits == 8:
        return 0, 255
    top = 0 if bits is None else 2**bits - 1
    return (0, top) if bits and high - low >= _MIN_SPAN_SHARE * top else (low, high)


def _float_span(extremes: Sequence[Extremes]) -> Span | None:
    if not extremes:
        return None
    low, high = _range(extremes)
    if is_within((low, high), 1):
        return 0, 1
    return (0, 255) if is_within((low, high), 255) and high - low >= _MIN_SPAN_SHARE * 255 else (low, high)
