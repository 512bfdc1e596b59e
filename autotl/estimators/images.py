"""Check the images that an estimator gets, and list them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from autotl.data import as_array, is_array
from autotl.errors import DataError

FORMS = (
    "image paths, PIL images, or an array of pixels of the shape (n, h, w), (n, h, w, channels) or "
    "(n, channels, h, w)"
)
CHANNELS = (1, 3, 4)
NUMBERS = "uif"
"""Kinds of NumPy's dtypes that pixels may have."""


def listed_images(X: Any) -> list[Any]:
    """Return the images of ``X``, one by one.

    Args:
        X: A list, array or series of paths, or a list of PIL images or of arrays. An array of pixels is
            (n, h, w), (n, h, w, channels) or (n, channels, h, w).

    Returns:
        Paths, PIL images, bytes of image files, or arrays of pixels.

    Raises:
        DataError: ``X`` holds something else than images, or none.
    """
    if is_array(X) and as_array(X).dtype.kind not in "OUST":
        return _stack(X)
    if (
        X is None
        or isinstance(X, str | bytes | os.PathLike | Image.Image | Mapping | Iterator)
        or not isinstance(X, Iterable)
        or getattr(X, "ndim", 1) != 1
    ):
        raise DataError(f"X must hold {FORMS} (got {_described(X)}). Give one entry for each image.")
    images = [_image(each, place) for place, each in enumerate(X)]
    if not images:
        raise DataError(f"X must hold one image or more (got none). Give {FORMS}.")
    kinds = {is_array(each) for each in images}
    if len(kinds) > 1:
        raise DataError("X must hold only arrays, or none (got arrays and other images). Convert them.")
    return images


def _stack(X: Any) -> list[Any]:
    """Return the rows of an array of pixels."""
    shape, dtype = tuple(X.shape), as_array(X).dtype
    if len(shape) not in (3, 4) or (len(shape) == 4 and not {shape[1], shape[3]} & set(CHANNELS)):
        raise DataError(
            f"X must hold {FORMS} (got an array of the shape {shape}). Reshape rows of pixels to (n, h, w)."
        )
    if dtype.kind not in NUMBERS:
        raise DataError(f"Pixels in X must be whole numbers or floats (got {dtype}). Convert them.")
    if 0 in shape:
        raise DataError(f"X must hold one image or more (got an array of the shape {shape}).")
    return list(X)


def _image(each: Any, place: int) -> Any:
    if isinstance(each, str | os.PathLike):
        return Path(each)
    if isinstance(each, Image.Image | bytes) or (is_array(each) and each.ndim in (2, 3)):
        return each
    raise DataError(f"X must hold {FORMS} (got {_described(each)} as image {place}). Correct it.")


def _described(value: Any) -> str:
    """Return the type of a value, and the shape if it has one."""
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    shape = getattr(value, "shape", None)
    return f"the type {name}" if shape is None else f"the type {name} of the shape {tuple(shape)}"
