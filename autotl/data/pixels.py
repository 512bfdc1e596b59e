"""Turn arrays and tensors of pixels into images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.data.decode import upright_rgb
from autotl.errors import DataError

Scale = Literal[1, 255]
"""What pixels are multiplied by to lie in 0…255."""


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


def scale_of(arrays: Iterable[NDArray[Any]]) -> tuple[Scale, str]:
    """How the pixels of these arrays are scaled, and a note about it where it had to be guessed.

    Raises DataError for pixels that are neither whole numbers in 0…255 nor floats in [0, 1] or [0, 255].
    """
    low, high, kinds = np.inf, -np.inf, set()
    for array in arrays:
        kinds.add(array.dtype)
        if array.dtype.kind not in "uif" or array.size == 0:
            raise DataError(f"Images of {array.dtype} and shape {array.shape} were given. {_DUE}")
        low, high = min(low, array.min()), max(high, array.max())
        if np.isnan(array.min()):
            raise DataError(f"Some pixels are not numbers (NaN). {_DUE}")
    names = ", ".join(sorted(str(kind) for kind in kinds))
    if low < 0 or high > 255:
        raise DataError(f"The pixels ({names}) lie between {low:.6g} and {high:.6g}. {_DUE}")
    if all(kind.kind == "f" for kind in kinds) and high <= 1:
        return 255, ""
    if kinds <= {np.dtype(np.uint8)}:
        return 1, ""
    return 1, f"Took the pixels ({names}, between {low:.6g} and {high:.6g}) to be on the scale of 0 to 255."


def image_of(value: Any, scale: Scale) -> Image.Image:
    """The RGB image in an array or tensor: (H, W), (H, W, C) or (C, H, W) with 1, 3 or 4 channels.

    Where both orders fit, an array has its channels last and a tensor first. Raises DataError for other
    shapes, and for pixels that leave the scale.
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
    if pixels.dtype != np.uint8:
        values = pixels.astype(np.float64) * scale
        if not (values.min() >= 0 and values.max() <= 255):
            raise DataError(
                f"pixels between {pixels.min():.6g} and {pixels.max():.6g}, unlike the other images"
            )
        pixels = np.rint(values).astype(np.uint8)
    return upright_rgb(Image.fromarray(np.ascontiguousarray(pixels)))


_DUE = "Give uint8 pixels, or floats in [0, 1] or [0, 255], before any normalisation."
