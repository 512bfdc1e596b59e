"""Turn arrays and tensors of pixels into images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.api import PixelScale
from autotl.api.pixel_scale import Span
from autotl.data.image_files.decode import image_of_values, upright_rgb
from autotl.data.image_files.depth import keep_depth
from autotl.data.image_files.scaling import BITS, is_within, own_span
from autotl.errors import DataError


def is_array(value: object) -> bool:
    """Whether ``value`` is a NumPy array or a torch tensor."""
    return isinstance(value, np.ndarray) or (hasattr(value, "detach") and hasattr(value, "numpy"))


def as_array(value: Any) -> NDArray[Any]:
    """A NumPy array, or a torch tensor on any device as one."""
    if isinstance(value, np.ndarray):
        return value
    value = value.detach().cpu()
    array: NDArray[Any] = (value.float() if value.is_floating_point() else value).numpy()
    return array


def scale_of(arrays: Iterable[NDArray[Any]]) -> PixelScale:
    """The scale of arrays that are given together, if no model and no data set says it.

    Raises DataError for pixels that are no numbers or below 0, and for floats in neither [0, 1] nor [0, 255].
    """
    ranges: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    names = set()
    for array in arrays:
        if array.dtype.kind not in "uif" or array.size == 0:
            raise DataError(f"Images of {array.dtype} and shape {array.shape} were given. {_DUE}")
        if np.isnan(array.min()):
            raise DataError(f"Some pixels are not numbers (NaN). {_DUE}")
        names.add(str(array.dtype))
        ranges[array.dtype.kind == "f"].append((float(array.min()), float(array.max())))
    spans = {
        floats: (min(low for low, _ in each), max(high for _, high in each))
        for floats, each in ranges.items()
        if each
    }
    tops = {floats: _top(span, floats=floats) for floats, span in spans.items()}
    if None in tops.values():
        low, high = min(low for low, _ in spans.values()), max(high for _, high in spans.values())
        raise DataError(
            f"The pixels ({', '.join(sorted(names))}) lie between {low:.6g} and {high:.6g}. {_DUE}"
        )
    scales = {floats: (0, top) for floats, top in tops.items() if top is not None}
    return PixelScale(scales.get(False), scales.get(True))


def _top(span: Span, *, floats: bool) -> int | None:
    """The value of white; None if the values are not those of pixels."""
    low, high = span
    if not floats:
        return next((2**bits - 1 for bits in BITS if low >= 0 and high < 2**bits), None)
    if is_within(span, 1):
        return 1
    # what is a hair below 0 on the scale of 255 would be normalised pixels if it reached no further up
    return 255 if is_within(span, 255) and (low >= 0 or high > -_DARK * low) else None


def image_of(value: Any) -> Image.Image:
    """The RGB image in an array or tensor: (H, W), (H, W, C) or (C, H, W) with 1, 3 or 4 channels.

    Where both orders fit, an array has its channels last and a tensor first. Values of more than 8 bits are
    kept beside it, as :func:`upright_rgb` does. Raises DataError for other shapes.
    """
    pixels = as_array(value)
    if pixels.ndim == 3:
        last, first = pixels.shape[2] in (1, 3, 4), pixels.shape[0] in (1, 3, 4)
        if first and (not last or not isinstance(value, np.ndarray)):
            pixels = pixels.transpose(1, 2, 0)  # (C, H, W) -> (H, W, C)
        elif not last:
            raise DataError(f"An image of shape {pixels.shape} has neither 1, 3 nor 4 channels")
        if pixels.shape[2] == 1:
            pixels = pixels[:, :, 0]
    elif pixels.ndim != 2:
        raise DataError(f"An image of shape {pixels.shape} is neither (H, W), (H, W, C) nor (C, H, W)")
    if pixels.dtype == np.uint8:
        return upright_rgb(Image.fromarray(np.ascontiguousarray(pixels)))
    rgb = image_of_values(pixels, own_span(pixels))
    keep_depth(rgb, pixels)
    return rgb


_DARK = 20
_DUE = "Give whole numbers of 8 to 16 bits, or floats in [0, 1] or [0, 255], before any normalisation."
