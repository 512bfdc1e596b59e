"""Open images that are stored in the cells of a table or in a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import PurePath
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.data.conventions import is_missing
from autotl.data.image_files.decode import open_image, upright_rgb
from autotl.data.image_files.depth import depth_of, keep_depth


def holds_image(value: object) -> bool:
    """Whether a cell holds an image: bytes, ``{bytes, path}`` as on the Hugging Face hub, or PIL's."""
    if isinstance(value, Mapping):
        return bool(value.keys() & {"bytes", "path"}) and isinstance(value.get("bytes"), bytes | None)
    return isinstance(value, Image.Image | bytes | bytearray | memoryview)


def opener_of(value: Any) -> Callable[[], Image.Image] | None:
    """A way to open the image that a cell holds; None if it holds none."""
    if isinstance(value, Mapping):
        value = value.get("bytes")
    if isinstance(value, bytes | bytearray | memoryview):
        return partial(open_image, bytes(value)) if len(value) else None
    return _Picture(value) if isinstance(value, Image.Image) else None


def text_of(value: Any) -> str:
    """The path or the identifier of an image in a cell as text; nothing for an empty cell."""
    if isinstance(value, Mapping):
        value = value.get("path")
    if isinstance(value, PurePath | str):
        return str(value).strip()
    if is_missing(value) or isinstance(value, bool):
        return ""
    if isinstance(value, int | np.integer):
        return str(value)
    return str(int(value)) if isinstance(value, float | np.floating) and float(value).is_integer() else ""


class _Picture:
    """A PIL image of the user's: it may read its file only when it is first used, by one thread."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self._lock = Lock()

    def __call__(self) -> Image.Image:
        with self._lock:
            return upright_rgb(self._image)

    def __reduce__(self) -> tuple[Callable[..., _Picture], tuple[Any, ...]]:
        with self._lock:
            values = depth_of(self._image)
            if values is None:
                return _Picture, (self._image,)
            bare = self._image.copy()  # what is kept beside an image holds its pixels, which is no data
            bare.info = {}
            return _with_depth, (bare, values)


def _with_depth(image: Image.Image, values: NDArray[Any]) -> _Picture:
    keep_depth(image, values)
    return _Picture(image)
