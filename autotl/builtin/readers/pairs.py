"""Read lists of images or paths with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, Reader
from autotl.data import (
    ImageLocator,
    check_lengths,
    holds_image,
    is_array,
    is_image_name,
    open_cells,
    read_labels,
    refuse_columns,
)
from autotl.errors import DataError


class Pairs:
    """Reads ``(images, labels)`` or a list of ``(image, label)``.

    An image is a path, bytes or a PIL image. Paths start from the current folder.
    """

    name = "pairs"
    summary = "a pair (paths, labels), or PIL images in place of paths; or a list of pairs (path, label)"

    def reads(self, source: object) -> Applies:
        found = _columns(source)
        if found is None:
            return Applies(False, "it holds no paths or PIL images with labels")
        return Applies(True, "it holds paths or PIL images with labels")

    def read(self, source: object, columns: Columns) -> Listing:
        refuse_columns(columns, "a list of images and labels")
        found = _columns(source)
        if found is None:
            raise DataError(f"source must be a pair (images, labels) (got a {type(source).__name__}).")
        images, labels = found
        check_lengths(images, labels, noun="image")
        names = [f"image {number}" for number in range(len(images))]
        targets = read_labels(labels, row_names=names, kind=columns.target)
        opened = open_cells(images, names, ImageLocator(Path.cwd()), column="The list of images")
        items = [
            Item(name, target, opener)
            for name, target, opener in zip(opened.names, targets.values, opened.openers, strict=True)
        ]
        return Listing(items, (*targets.notes, *opened.notes), targets.spec)


def _columns(source: object) -> tuple[list[Any], list[Any]] | None:
    """Return the images and the labels, or None."""
    if not isinstance(source, tuple | list) or not source:
        return None
    if len(source) == 2 and (images := _listed(source[0])) and all(map(_is_image, images)):
        labels = _listed(source[1], dimensions=2)
        return None if labels is None else (images, labels)
    if all(isinstance(each, tuple | list) and len(each) == 2 and _is_image(each[0]) for each in source):
        return [each[0] for each in source], [each[1] for each in source]
    return None


def _listed(values: Any, *, dimensions: int = 1) -> list[Any] | None:
    """Return the values of a list, a Series or an array of at most so many dimensions."""
    if isinstance(values, str | bytes) or not (
        isinstance(values, Sequence) or is_array(values) or hasattr(values, "to_list")
    ):
        return None
    if is_array(values) and getattr(values, "ndim", 1) not in (1, dimensions):
        return None
    return list(values)


def _is_image(value: object) -> bool:
    if isinstance(value, PurePath):
        return True
    return holds_image(value) or (isinstance(value, str) and is_image_name(value))


@hookimpl
def autotl_readers() -> list[Reader]:
    return [Pairs()]
