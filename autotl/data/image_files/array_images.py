"""Convert pixel arrays and tensors to images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.api import PixelScale
from autotl.api.pixel_scale import Span
from autotl.data.image_files.bit_depth import attach_deep_values
from autotl.data.image_files.decode import image_from_values, upright_rgb
from autotl.data.image_files.pixel_scaling import BIT_DEPTHS, is_within, own_span
from autotl.errors import DataError

_MIN_UNDERSHOOT_RATIO = 20
"""Floats just below 0 are on the scale of 255 only if the largest value is this many times as far from 0."""
_REMEDY = "Give whole numbers of 8 to 16 bits, or floats in [0, 1] or [0, 255], before any normalisation."


def is_array(value: object) -> bool:
    """Return whether ``value`` is a NumPy array or a torch tensor."""
    return isinstance(value, np.ndarray) or (hasattr(value, "detach") and hasattr(value, "numpy"))


def as_array(value: Any) -> NDArray[Any]:
    """Return an array or a torch tensor as a NumPy array."""
    if isinstance(value, np.ndarray):
        return value
    value = value.detach().cpu()
    array: NDArray[Any] = (value.float() if value.is_floating_point() else value).numpy()
    return array


def scale_of_arrays(arrays: Iterable[NDArray[Any]]) -> PixelScale:
    """Return the scale of arrays that are given together.

    Raises:
        DataError: Pixels are not numbers, negative, or floats outside [0, 1] and [0, 255].
    """
    ranges: dict[bool, list[Span]] = {True: [], False: []}
    dtypes = set()
    for array in arrays:
        if array.dtype.kind not in "uif" or array.size == 0:
            raise DataError(f"Images must hold numbers (got {array.dtype} of shape {array.shape}). {_REMEDY}")
        if np.isnan(array.min()):
            raise DataError(f"Pixels must be numbers (got NaN). {_REMEDY}")
        dtypes.add(str(array.dtype))
        ranges[array.dtype.kind == "f"].append((float(array.min()), float(array.max())))
    spans = {
        floats: (min(low for low, _ in each), max(high for _, high in each))
        for floats, each in ranges.items()
        if each
    }
    tops = {floats: _white_value(span, floats=floats) for floats, span in spans.items()}
    if None in tops.values():
        low, high = min(low for low, _ in spans.values()), max(high for _, high in spans.values())
        raise DataError(
            f"Pixels must lie on a usual scale (got {', '.join(sorted(dtypes))} between {low:.6g} and "
            f"{high:.6g}). {_REMEDY}"
        )
    scales = {floats: (0, top) for floats, top in tops.items() if top is not None}
    return PixelScale(scales.get(False), scales.get(True))


def image_from_array(value: Any) -> Image.Image:
    """Return the RGB image of an array or tensor.

    It has 1, 3 or 4 channels. If the shape fits both orders, an array has its channels last and a tensor has
    them first. Values of more than 8 bits stay attached, as in :func:`upright_rgb`.

    Args:
        value: The pixels, (h, w), (h, w, channels) or (channels, h, w).

    Raises:
        DataError: The array has another shape, or its pixels are not numbers.
    """
    pixels = as_array(value)
    if pixels.dtype.kind not in "uifO":
        raise DataError(f"The pixels of an image must be numbers (got {pixels.dtype}). {_REMEDY}")
    if pixels.ndim == 3:
        last, first = pixels.shape[2] in (1, 3, 4), pixels.shape[0] in (1, 3, 4)
        if first and (not last or not isinstance(value, np.ndarray)):
            pixels = pixels.transpose(1, 2, 0)  # (channels, h, w) -> (h, w, channels)
        elif not last:
            raise DataError(f"An image must have 1, 3 or 4 channels (got the shape {pixels.shape})")
        if pixels.shape[2] == 1:
            pixels = pixels[:, :, 0]
    elif pixels.ndim != 2:
        raise DataError(
            f"An image must have the shape (h, w), (h, w, channels) or (channels, h, w) (got {pixels.shape})"
        )
    if pixels.dtype == np.uint8:
        return upright_rgb(Image.fromarray(np.ascontiguousarray(pixels)))
    rgb = image_from_values(pixels, own_span(pixels))
    attach_deep_values(rgb, pixels)
    return rgb


def _white_value(span: Span, *, floats: bool) -> int | None:
    """Return the value of white, or None for an unusual scale."""
    low, high = span
    if not floats:
        return next((2**bits - 1 for bits in BIT_DEPTHS if low >= 0 and high < 2**bits), None)
    if is_within(span, 1):
        return 1
    # small values around 0 are normalised pixels, not pixels on the scale of 255
    return 255 if is_within(span, 255) and (low >= 0 or high > -_MIN_UNDERSHOOT_RATIO * low) else None
