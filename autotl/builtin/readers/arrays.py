"""Read a pair of images and labels that are in memory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, Reader
from autotl.data import as_array, image_of, is_array, label_texts, no_columns, scale_of
from autotl.errors import DataError


class Arrays:
    """``(images, labels)`` as NumPy arrays, torch tensors, or lists of them; images may differ in size."""

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
        no_columns(columns, "a pair of arrays")
        if not isinstance(source, tuple | list):
            raise DataError(f"A pair (images, labels) was due, not {type(source).__name__}.")
        images, labels = _images(source[0]), _labels(source[1])
        if len(images) != len(labels):
            raise DataError(
                f"There are {len(images)} images but {len(labels)} labels. One label per image is due."
            )
        if not len(images):
            raise DataError("There are no images. At least two classes of them are due.")
        # refuses what are no pixels; their scale is decided when all images are read
        scale_of([as_array(images)] if is_array(images) else [as_array(each) for each in images])
        names = [f"image {number}" for number in range(len(images))]
        return Listing(
            [
                Item(name, label, partial(image_of, images[row]))
                for row, (name, label) in enumerate(
                    zip(names, label_texts(labels, places=names), strict=True)
                )
            ]
        )


def _images(images: Any) -> Sequence[Any]:
    if not is_array(images):
        return list(images)
    if images.ndim not in (3, 4):
        raise DataError(
            f"Images of shape {tuple(images.shape)} were given. (N,H,W), (N,H,W,C) or (N,C,H,W) is due."
        )
    many: Sequence[Any] = images
    return many


def _labels(labels: Any) -> list[object]:
    if not is_array(labels):
        return list(labels)
    values = as_array(labels)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(
            f"Labels of shape {values.shape} were given. One name or number per image is due: of one row per "
            "image with a column per class, give labels.argmax(1)."
        )
    return list(values)


@hookimpl
def autotl_readers() -> list[Reader]:
    return [Arrays()]
