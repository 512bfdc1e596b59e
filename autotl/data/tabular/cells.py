"""Open images that are stored in cells or lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import PurePath
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.data.image_files.bit_depth import attach_deep_values, deep_values_of
from autotl.data.image_files.decode import open_image, upright_rgb
from autotl.data.labels import is_missing


def holds_image(value: object) -> bool:
    """Return whether a cell holds an image.

    An image is bytes, a PIL image, or ``{bytes, path}`` as on the Hugging Face hub.
    """
    if isinstance(value, Mapping):
        return bool(value.keys() & {"bytes", "path"}) and isinstance(value.get("bytes"), bytes | None)
    return isinstance(value, Image.Image | bytes | bytearray | memoryview)


def opener_of(value: Any) -> Callable[[], Image.Image] | None:
    """Return a function that opens a cell's image, or None."""
    if isinstance(value, Mapping):
        value = value.get("bytes")
    if isinstance(value, bytes | bytearray | memoryview):
        return partial(open_image, bytes(value)) if len(value) else None
    return _PilOpener(value) if isinstance(value, Image.Image) else None


def path_text(value: Any) -> str:
    """Return the path or identifier of a cell's image.

    It is "" for an empty cell.
    """
    if isinstance(value, Mapping):
        value = value.get("path")
    if isinstance(value, PurePath | str):
        return str(value).strip()
    if is_missing(value) or isinstance(value, bool):
        return ""
    if isinstance(value, int | np.integer):
        return str(value)
    return str(int(value)) if isinstance(value, float | np.floating) and float(value).is_integer() else ""


class _PilOpener:
    """Opens a PIL image of the user, which may read its file on first use, in one thread at a time."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self._lock = Lock()

    def __call__(self) -> Image.Image:
        with self._lock:
            return upright_rgb(self._image)

    def __reduce__(self) -> tuple[Callable[..., _PilOpener], tuple[Any, ...]]:
        with self._lock:
            values = deep_values_of(self._image)
            if values is None:
                return _PilOpener, (self._image,)
            bare = self._image.copy()  # attached values refer to the pixels of this process
            bare.info = {}
            return _with_deep_values, (bare, values)


def _with_deep_values(image: Image.Image, values: NDArray[Any]) -> _PilOpener:
    attach_deep_values(image, values)
    return _PilOpener(image)
