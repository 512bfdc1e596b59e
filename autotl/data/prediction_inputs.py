"""List the images of a prediction from any form of input."""

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
from autotl.data.arguments import path_or_none
from autotl.data.image_files.array_images import as_array, image_from_array, is_array, scale_of_arrays
from autotl.data.image_files.decode import open_image, upright_rgb
from autotl.data.image_files.pixel_scaling import complete_scale, span_for
from autotl.data.image_files.shared_scale import SharedScale
from autotl.data.reading import read, with_pixel_scale
from autotl.data.unlabelled_images import Opener, UnlabelledImage, is_read, unlabelled_images
from autotl.errors import DataError

Readers = Callable[[], Mapping[str, Reader]]
_DATASET_CLASSES = frozenset(
    {("pandas", "DataFrame"), ("torch", "Dataset"), ("datasets", "Dataset"), ("datasets", "DatasetDict")}
)
_MIN_WIDTH = 8
"""Width in pixels below which the last axis of an array (n, h, w) may be the channels of one image."""
_REMEDY = "Give paths, folders, a .zip, a table, PIL images, arrays, or the bytes of image files."


def prediction_images(
    images: Any, *, readers: Readers, image: str | None = None, scale: PixelScale | None = None
) -> Iterator[UnlabelledImage]:
    """Yield each of the given images, one at a time.

    Pixels of more than 8 bits are brought to the scale of the model. If the model has no scale for them, one
    is chosen from all given images. Without any ``scale``, each file is scaled by itself.

    Args:
        images: Paths, folders, ZIP files and tables, DataFrames, PIL images, arrays, bytes of image files,
            open files, data sets; or a sequence or generator of these.
        readers: Returns the readers by name; called only for forms other than folders, ZIP files and images.
        image: The column of a table that holds the images; None to find it as ``fit`` does.
        scale: The pixel scale that a model learned from; None if the model was saved without one.

    Raises:
        DataError: The input is no image and no form of images.
    """
    if images is None:
        raise DataError(f"images must not be None. {_REMEDY}")
    if _is_labelled_pair(images):
        raise DataError("images must not be a pair (images, labels). Give the images alone.")
    if _is_stack(images):
        _check_stack(images)
    elif not (_is_single_image(images) or _is_dataset(images)) and (
        isinstance(images, Mapping) or not isinstance(images, Iterable)
    ):
        raise DataError(f"images must be images (got the type {type(images).__name__}). {_REMEDY}")
    inputs = _Inputs(readers, image, scale)
    listed = inputs.list_images(images)
    if scale is None:
        return listed
    once = isinstance(images, Iterator) and not _is_single_image(images)
    shared = SharedScale(scale, None if once else lambda: (each.open for each in inputs.list_images(images)))
    return (UnlabelledImage(each.name, partial(shared.open, each.open)) for each in listed)


def image_openers(
    source: object, *, readers: Mapping[str, Reader], scale: PixelScale | None = None
) -> list[Opener]:
    """Return functions that open the images of ``source``, labelled or not.

    Args:
        source: A folder, a ZIP file, any form that a reader reads, or a list of paths or images.
        readers: The readers by name.
        scale: The pixel scale for images of more than 8 bits.
    """
    path = path_or_none(source)
    if path is not None and (path.is_dir() or (path.suffix.lower() == ".zip" and path.is_file())):
        return [partial(_open_at, scale, each.open) for each in unlabelled_images(path, readers=readers)]
    if path is None and not is_read(source, readers):
        images = prediction_images(source, readers=lambda: readers)
        return [partial(_open_at, scale, each.open) for each in images]
    return list(with_pixel_scale(read(source, readers=readers), scale or PixelScale()).openers)


@dataclass(frozen=True, slots=True)
class _Inputs:
    """Lists images; see :func:`prediction_images` for the fields."""

    readers: Readers
    image_column: str | None
    known: PixelScale | None

    def list_images(self, images: Any) -> Iterator[UnlabelledImage]:
        if _is_single_image(images):
            return self.expand(images, 0, self.scale_of([images]))
        if _is_dataset(images):
            return iter(unlabelled_images(images, readers=self.readers(), image=self.image_column))
        return self.expand_all(images)

    def expand_all(self, images: Iterable[Any]) -> Iterator[UnlabelledImage]:
        """Yield the images of each element."""
        together = isinstance(images, Sequence) or is_array(images)
        scale = self.scale_of(images) if together else None
        for position, each in enumerate(images):
            if _is_stack(each) and as_array(each).ndim == 4:
                for row, one in enumerate(each):
                    name = f"image {position}, {row}"
                    yield UnlabelledImage(name, partial(self.open_array, one, scale))
            else:
                yield from self.expand(each, position, scale)

    def expand(self, each: Any, position: int, scale: PixelScale | None) -> Iterator[UnlabelledImage]:
        """Yield the images of one element, which may be a folder.

        Args:
            each: The element.
            position: Its position, which names an image in memory.
            scale: The scale of arrays that are given together.
        """
        name = f"image {position}"
        if isinstance(each, str | os.PathLike):
            yield from (
                self.expand_path(each) if str(each).strip() else [UnlabelledImage(name, _raise_missing)]
            )
        elif _is_missing(each):
            yield UnlabelledImage(name, _raise_missing)
        elif isinstance(each, Image.Image):
            yield UnlabelledImage(name, partial(upright_rgb, each))
        elif is_array(each):
            yield UnlabelledImage(name, partial(self.open_array, each, scale))
        elif isinstance(each, bytes | bytearray | memoryview):
            yield UnlabelledImage(name, partial(open_image, bytes(each)))
        elif callable(getattr(each, "read", None)):
            path = getattr(each, "name", None)
            yield UnlabelledImage(path if isinstance(path, str) else name, partial(_open_file, each))
        else:
            raise DataError(f"{name} must be an image (got the type {type(each).__name__}). {_REMEDY}")

    def expand_path(self, path: Any) -> Iterable[UnlabelledImage]:
        try:
            return unlabelled_images(path, readers=_LazyReaders(self.readers), image=self.image_column)
        except (
            DataError,
            OSError,
        ) as error:  # an empty folder or a broken table costs one row, like an image
            return [UnlabelledImage(str(path), partial(_raise, error))]

    def open_array(self, array: Any, scale: PixelScale | None) -> Image.Image:
        """Return the image in an array.

        Args:
            array: The pixels.
            scale: The scale of all given arrays; None if they are given one at a time. Floats are then
                scaled by themselves, and whole numbers by :class:`SharedScale`.
        """
        image = image_from_array(array)
        if scale is not None:
            return upright_rgb(image, scale)
        if self.known is not None and as_array(array).dtype.kind != "f":
            return image
        return upright_rgb(image, self.scale_of([array]))

    def scale_of(self, images: Iterable[Any]) -> PixelScale:
        """Return the model's scale, completed by the arrays among the images."""
        known = self.known or PixelScale()
        arrays = [each for each in map(as_array, filter(is_array, images)) if _needs_scale(each, known)]
        return complete_scale(known, scale_of_arrays(arrays))


class _LazyReaders(Mapping[str, Reader]):
    """The readers by name, loaded on first use."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers())

    def __len__(self) -> int:
        return len(self._readers())

    def __getitem__(self, name: str) -> Reader:
        return self._readers()[name]


def _needs_scale(array: NDArray[Any], known: PixelScale) -> bool:
    """Return whether an array's scale must be chosen or compared.

    An array without numbers is refused when it is opened.
    """
    if array.dtype.kind not in "uif" or not array.size or not np.isfinite(array).all() or not array.any():
        return False
    span = span_for(array, known)
    return span is None or (array.dtype.kind == "f" and span in ((0, 1), (0, 255)))


def _is_missing(value: Any) -> bool:
    is_nan = isinstance(value, float) and math.isnan(value)
    return value is None or is_nan or type(value).__name__ in ("NAType", "NaTType")


def _open_at(scale: PixelScale | None, opener: Opener) -> Image.Image:
    return upright_rgb(opener(), scale)


def _raise_missing() -> Image.Image:
    raise DataError("no image is given")


def _raise(error: Exception) -> Image.Image:
    raise error


def _open_file(file: Any) -> Image.Image:
    if callable(getattr(file, "seekable", None)) and file.seekable():
        file.seek(0)  # a file that was just written or read is at its end
    content = file.read()
    if not isinstance(content, bytes):
        raise DataError("the file was opened as text: open it with mode 'rb'")
    return open_image(content)


def _is_dataset(images: Any) -> bool:
    """Return whether a reader reads the input as a whole."""
    classes = {(base.__module__.split(".")[0], base.__name__) for base in type(images).__mro__}
    return bool(classes & _DATASET_CLASSES)


def _is_single_image(images: Any) -> bool:
    """Return whether the input is one image or one path."""
    if isinstance(images, str | os.PathLike | Image.Image | bytes | bytearray | memoryview):
        return True
    if callable(getattr(images, "read", None)):
        return True
    if not is_array(images):
        return False
    shape = tuple(images.shape)
    channels_first = shape[:1] and shape[0] in (1, 3, 4) and not isinstance(images, np.ndarray)
    return len(shape) == 2 or (len(shape) == 3 and (shape[-1] in (1, 3, 4) or bool(channels_first)))


def _is_labelled_pair(images: Any) -> bool:
    """Return whether the input is a pair of images and labels."""
    if not isinstance(images, tuple) or len(images) != 2:
        return False
    first, labels = images
    if is_array(labels):
        return as_array(labels).ndim == 1
    return isinstance(labels, list) and hasattr(first, "__len__") and not isinstance(first, str | os.PathLike)


def _is_stack(images: Any) -> bool:
    """Return whether the input is an array of pixels, not of paths."""
    return is_array(images) and (not isinstance(images, np.ndarray) or images.dtype.kind not in "OUST")


def _check_stack(images: Any) -> None:
    """Check the shape of an array of several images."""
    shape = tuple(images.shape)
    if _is_single_image(images):
        return
    if len(shape) == 3 and shape[0] in (3, 4):  # a NumPy array: a tensor of this shape is one image
        raise DataError(
            f"The shape of an array must be unambiguous (got {shape}: one image with its channels first, or "
            f"{shape[0]} grey images). Give array.transpose(1, 2, 0) for the one image, or array[..., None] "
            "for the grey ones."
        )
    if len(shape) == 3 and shape[2] < _MIN_WIDTH:
        raise DataError(
            f"The shape of an array must be unambiguous (got {shape}: one image of {shape[2]} channels, or "
            f"{shape[0]} grey images). Give an image of 1, 3 or 4 channels, such as array[..., :3], or "
            "array[..., None] for the grey ones."
        )
    if len(shape) not in (3, 4):
        raise DataError(
            f"An array of images must have the shape (n, h, w), (n, h, w, c) or (n, c, h, w) (got {shape})."
        )
