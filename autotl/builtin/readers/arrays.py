"""Read a pair of images and labels that are in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import partial
from typing import Any

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, Reader
from autotl.data import (
    as_array,
    check_lengths,
    image_from_array,
    is_array,
    read_labels,
    refuse_columns,
    scale_of_arrays,
)
from autotl.errors import DataError


class Arrays:
    """Reads ``(images, labels)`` as arrays, tensors or lists of them.

    Images may differ in size.
    """

    name = "arrays"
    summary = (
        "a pair (images, labels) of NumPy arrays or torch tensors; images (N,H,W), (N,H,W,C) or (N,C,H,W)"
    )

    def reads(self, source: object) -> Applies:
        if not isinstance(source, tuple | list) or len(source) != 2:
            return Applies(False, "it is no pair")
        images = source[0]
        if getattr(getattr(images, "dtype", None), "kind", "") in ("U", "O", "T"):
            return Applies(False, "the pair starts with an array of names or objects")
        if is_array(images) or (isinstance(images, list | tuple) and len(images) > 0 and is_array(images[0])):
            return Applies(True, "it is a pair that starts with arrays")
        return Applies(False, f"the pair starts with {type(images).__name__}, not with arrays")

    def read(self, source: object, columns: Columns) -> Listing:
        refuse_columns(columns, "a pair of arrays")
        if not isinstance(source, tuple | list):
            raise DataError(f"source must be a pair (images, labels) (got a {type(source).__name__}).")
        images, labels = _images(source[0]), _labels(source[1])
        check_lengths(images, labels, noun="image")
        if not len(images):
            raise DataError("images must not be empty. Give images of two classes or more.")
        # refuses invalid pixels; the scale is chosen when all images are read
        scale_of_arrays([as_array(images)] if is_array(images) else [as_array(each) for each in images])
        names = [f"image {number}" for number in range(len(images))]
        targets = read_labels(labels, row_names=names, kind=columns.target)
        items = [
            Item(name, target, partial(image_from_array, images[row]))
            for row, (name, target) in enumerate(zip(names, targets.values, strict=True))
        ]
        return Listing(items, targets.notes, targets.spec)


def _images(images: Any) -> Sequence[Any]:
    if not is_array(images):
        if other := [type(each).__name__ for each in images if not is_array(each)]:
            raise DataError(f"images must hold only arrays or tensors (got a {other[0]}). Convert it.")
        return list(images)
    if images.ndim not in (3, 4):
        raise DataError(
            f"images must have the shape (N,H,W), (N,H,W,C) or (N,C,H,W) (got {tuple(images.shape)})."
        )
    stack: Sequence[Any] = images
    return stack


def _labels(labels: Any) -> list[Any]:
    if not is_array(labels):
        if isinstance(labels, Mapping | Set | str) or not isinstance(labels, Iterable):
            raise DataError(
                f"labels must be a list or an array (got a {type(labels).__name__}). "
                "Give one label per image."
            )
        return list(labels)
    values = as_array(labels)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim not in (1, 2):
        raise DataError(f"labels must have one row per image (got the shape {values.shape}). Flatten them.")
    return list(values)


@hookimpl
def autotl_readers() -> list[Reader]:
    return [Arrays()]
