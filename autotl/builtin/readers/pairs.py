"""Read lists of images or paths with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, Reader
from autotl.data import (
    Files,
    doubtful,
    holds_image,
    is_array,
    is_image_path,
    label_texts,
    no_columns,
    openers,
)
from autotl.errors import DataError


class Pairs:
    """``(images, labels)`` or a list of ``(image, label)``; an image is a path, bytes or a PIL image.

    Paths start from the current folder.
    """

    name = "pairs"
    summary = "a pair (paths, labels), or PIL images in place of paths; or a list of pairs (path, label)"

    def reads(self, source: object) -> Applies:
        found = _columns(source)
        if found is None:
            return Applies(False, "it holds no paths or PIL images with labels")
        return Applies(True, "it holds paths or PIL images with labels")

    def read(self, source: object, columns: Columns) -> Listing:
        no_columns(columns, "a list of images and labels")
        found = _columns(source)
        if found is None:
            raise DataError(f"A pair (images, labels) was due, not {type(source).__name__}.")
        images, labels = found
        if len(images) != len(labels):
            raise DataError(
                f"There are {len(images)} images but {len(labels)} labels. One label per image is due."
            )
        places = [f"image {number}" for number in range(len(images))]
        texts = label_texts(labels, places=places)
        opened = openers(images, places, Files(Path.cwd()), column="The list of images")
        items = [
            Item(name, label, opener)
            for name, label, opener in zip(opened.names, texts, opened.openers, strict=True)
        ]
        return Listing(items, (*opened.notes, *doubtful(texts)))


def _columns(source: object) -> tuple[list[Any], list[Any]] | None:
    """The images and the labels, or None if the source is of another form."""
    if not isinstance(source, tuple | list) or not source:
        return None
    if len(source) == 2 and (images := _listed(source[0])) and all(map(_is_image, images)):
        labels = _listed(source[1])
        return None if labels is None else (images, labels)
    if all(isinstance(each, tuple | list) and len(each) == 2 and _is_image(each[0]) for each in source):
        return [each[0] for each in source], [each[1] for each in source]
    return None


def _listed(values: object) -> list[Any] | None:
    """The values of a list, a tuple, a pandas Series or index, or an array of names."""
    if isinstance(values, str | bytes) or not (
        isinstance(values, Sequence) or is_array(values) or hasattr(values, "to_list")
    ):
        return None
    if is_array(values) and getattr(values, "ndim", 1) != 1:
        return None
    return list(values)  # type: ignore[call-overload, no-any-return]


def _is_image(value: object) -> bool:
    if isinstance(value, PurePath):
        return True
    return holds_image(value) or (isinstance(value, str) and is_image_path(value))


@hookimpl
def autotl_readers() -> list[Reader]:
    return [Pairs()]
