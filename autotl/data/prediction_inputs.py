"""Take images in whatever form a caller hands them over, one after the other."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.api import PixelScale, Reader
from autotl.data.image_files.decode import open_image, upright_rgb
from autotl.data.image_files.pixels import as_array, image_of, is_array, scale_of
from autotl.data.image_files.scaling import completed
from autotl.data.unlabelled import Picture, pictures_in
from autotl.errors import DataError

Readers = Callable[[], Mapping[str, Reader]]
_DATA = frozenset(
    {("pandas", "DataFrame"), ("torch", "Dataset"), ("datasets", "Dataset"), ("datasets", "DatasetDict")}
)
_DUE = "Give paths, folders, a .zip, a table, PIL images, arrays, or the bytes of image files."


def pictures_given(
    images: Any, *, readers: Readers, image: str | None = None, scale: PixelScale | None = None
) -> Iterator[Picture]:
    """Each image of what a caller gives, as soon as it is asked for.

    Args:
        images: paths, folders, zips and tables, frames, PIL images, arrays, bytes of image files, open files,
            data sets; or a sequence or generator of these.
        readers: gives the readers by name; asked only if another form than folders, zips and images is given.
        image: the column of a table that holds the images; None to find it as ``fit`` does.
        scale: the scale of the pixels that a model learned from. Arrays of a kind that it does not know are
            scaled together if they are given together.

    Raises:
        DataError: for what is no image and no form of images.
    """
    if images is None:
        raise DataError(f"None was given to predict on. {_DUE}")
    if _is_pair(images):
        raise DataError("A pair (images, labels) was given to predict on. Give the images alone.")
    taken = _Taken(readers, image, scale)
    if _is_one(images):
        return taken.one(images, 0, taken.scale_of([images]))
    if _is_stack(images):
        _check_stack(images)
        return taken.many(images)
    if _is_data(images):
        return iter(pictures_in(images, readers=readers(), image=image))
    if isinstance(images, Mapping) or not isinstance(images, Iterable):
        raise DataError(f"Cannot predict on a {type(images).__name__}. {_DUE}")
    return taken.many(images)


@dataclass(frozen=True, slots=True)
class _Taken:
    """How images are taken: see :func:`pictures_given`."""

    readers: Readers
    image: str | None
    known: PixelScale | None

    def scale_of(self, images: Iterable[Any]) -> PixelScale:
        """The model's scale, or else that of the arrays among the images."""
        known = self.known or PixelScale()
        open_ones = [each for each in map(as_array, filter(is_array, images)) if _is_unscaled(each, known)]
        return completed(known, scale_of(open_ones))

    def many(self, images: Iterable[Any]) -> Iterator[Picture]:
        together = isinstance(images, Sequence) or is_array(images)
        scale = self.scale_of(images) if together else None
        for position, each in enumerate(images):
            if _is_stack(each) and as_array(each).ndim == 4:
                for row, one in enumerate(each):
                    yield Picture(f"image {position}, {row}", partial(self.from_array, one, scale))
            else:
                yield from self.one(each, position, scale)

    def one(self, each: Any, position: int, scale: PixelScale | None) -> Iterator[Picture]:
        name = f"image {position}"
        if isinstance(each, str | os.PathLike):
            yield from self.at_path(each) if str(each).strip() else [Picture(name, _missing)]
        elif _is_missing(each):
            yield Picture(name, _missing)
        elif isinstance(each, Image.Image):
            yield Picture(name, partial(upright_rgb, each))
        elif is_array(each):
            yield Picture(name, partial(self.from_array, each, scale))
        elif isinstance(each, bytes | bytearray | memoryview):
            yield Picture(name, partial(open_image, bytes(each)))
        elif callable(getattr(each, "read", None)):
            told = getattr(each, "name", None)
            yield Picture(told if isinstance(told, str) else name, partial(_from_file, each))
        else:
            raise DataError(f"{name} is a {type(each).__name__}, and cannot be predicted on. {_DUE}")

    def at_path(self, path: Any) -> Iterable[Picture]:
        try:
            return pictures_in(path, readers=_Lazily(self.readers), image=self.image)
        except (DataError, OSError) as error:  # an empty folder or broken table costs a row, as an image does
            return [Picture(str(path), partial(_refused, error))]

    def from_array(self, array: Any, scale: PixelScale | None) -> Image.Image:
        """The image in an array, which is scaled on its own if the others are not known."""
        return upright_rgb(image_of(array), self.scale_of([array]) if scale is None else scale)


class _Lazily(Mapping[str, Reader]):
    """The readers by name, which are loaded when somebody looks for one."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers())

    def __len__(self) -> int:
        return len(self._readers())

    def __getitem__(self, name: str) -> Reader:
        return self._readers()[name]


def _is_unscaled(array: NDArray[Any], known: PixelScale) -> bool:
    """Whether the scale of an array has to be found, or compared with the model's. What holds no numbers is
    refused when it is opened.
    """
    if array.dtype.kind not in "uif" or not array.size or not np.isfinite(array).all() or not array.any():
        return False
    span = known.floats if array.dtype.kind == "f" else known.integers
    return span is None or (array.dtype.kind == "f" and span in ((0, 1), (0, 255)))


def _is_missing(each: Any) -> bool:
    not_a_number = isinstance(each, float) and math.isnan(each)
    return each is None or not_a_number or type(each).__name__ in ("NAType", "NaTType")


def _missing() -> Image.Image:
    raise DataError("no image is given")


def _refused(error: Exception) -> Image.Image:
    raise error


def _from_file(file: Any) -> Image.Image:
    content = file.read()
    if not isinstance(content, bytes):
        raise DataError("the file was opened as text: open it with mode 'rb'")
    return open_image(content)


def _is_data(images: Any) -> bool:
    """Whether it is a frame, or a data set that a reader reads as a whole."""
    kinds = {(base.__module__.split(".")[0], base.__name__) for base in type(images).__mro__}
    return bool(kinds & _DATA)


def _is_one(images: Any) -> bool:
    """Whether it is one image, or one path, and not several."""
    if isinstance(images, str | os.PathLike | Image.Image | bytes | bytearray | memoryview):
        return True
    if callable(getattr(images, "read", None)):
        return True
    if not is_array(images):
        return False
    shape = tuple(images.shape)
    first = shape[:1] and shape[0] in (1, 3, 4) and not isinstance(images, np.ndarray)
    return len(shape) == 2 or (len(shape) == 3 and (shape[-1] in (1, 3, 4) or bool(first)))


def _is_pair(images: Any) -> bool:
    """Whether it is images with their labels, as ``fit`` takes them."""
    if not isinstance(images, tuple) or len(images) != 2:
        return False
    one, labels = images
    if is_array(labels):
        return as_array(labels).ndim == 1
    return isinstance(labels, list) and hasattr(one, "__len__") and not isinstance(one, str | os.PathLike)


def _is_stack(images: Any) -> bool:
    """Whether it is an array of images, and not of paths."""
    return is_array(images) and (not isinstance(images, np.ndarray) or images.dtype.kind not in "OUST")


def _check_stack(images: Any) -> None:
    shape = tuple(images.shape)
    if len(shape) == 3 and shape[0] in (3, 4):  # an array: a tensor of this shape is one image
        raise DataError(
            f"An array of shape {shape} may be one image with its channels first or {shape[0]} grey images. "
            "Give array.transpose(1, 2, 0) for the one image, or array[..., None] for the grey ones."
        )
    if len(shape) not in (3, 4):
        raise DataError(
            f"An array of shape {shape} holds no images. Give (n, h, w), (n, h, w, c) or (n, c, h, w)."
        )
