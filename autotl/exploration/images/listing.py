"""List the images to explore, with the file that each comes from."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from autotl.api import Reader
from autotl.data import (
    UnlabelledImage,
    ZipImages,
    check_path,
    delimited_rows,
    join_names,
    open_image,
    path_or_none,
    prediction_images,
    unlabelled_images,
)

LABEL_NAMES = frozenset({"label", "labels", "class", "class_name", "classname", "target", "category"})
"""Columns that probably hold labels; exploring ignores them."""
MIN_PER_FOLDER = 2
"""Images that a folder has if its name may be a label."""

Readers = Callable[[], Mapping[str, Reader]]


@dataclass(frozen=True, slots=True)
class Listed:
    """Images to explore, and notes for the user."""

    images: Sequence[UnlabelledImage]
    notes: tuple[str, ...]


def list_images(source: Any, *, readers: Readers, image: str | None = None) -> Listed:
    """List the images of any form of data.

    Args:
        source: A folder, a ZIP file, a table, arrays, a data set, or a list of paths or images.
        readers: Returns the readers by name.
        image: The column of a table that holds the images; None to find it as ``fit`` does.

    Raises:
        DataError: There are no images, or no reader reads the form.
    """
    path = path_or_none(source)
    if path is None:
        images = list(prediction_images(source, readers=readers, image=image))
    else:
        check_path(path)
        images = unlabelled_images(path, readers=readers(), image=image)
    return Listed(images, (*_folder_notes(images), *_column_notes(source, path)))


def address_of(image: UnlabelledImage) -> str:
    """Return the absolute path of an image's file, or its name.

    The address of an image in a ZIP file is its path inside the file, after that of the file.
    """
    file = _file_of(image)
    if file is not None:
        return str(file.absolute())
    archive, member = _member_of(image)
    return image.name if archive is None else f"{archive.absolute()}/{member}"


def stamp_of(image: UnlabelledImage) -> str | None:
    """Return a text that changes with the image's file.

    It is None for an image without a file.
    """
    file = _file_of(image) or _member_of(image)[0]
    if file is None:
        return None
    try:
        status = file.stat()
    except OSError:  # the image is unreadable, and may be there when the exploration resumes
        return None
    return f"{address_of(image)}|{status.st_size}|{status.st_mtime_ns}"


def _file_of(image: UnlabelledImage) -> Path | None:
    opener = image.open
    if isinstance(opener, partial) and opener.func is open_image and isinstance(opener.args[0], Path):
        return opener.args[0]
    return None


def _member_of(image: UnlabelledImage) -> tuple[Path | None, str]:
    """Return the ZIP file of an image and the name inside."""
    opener = image.open
    archive = getattr(opener.func, "__self__", None) if isinstance(opener, partial) else None
    if isinstance(archive, ZipImages) and isinstance(opener, partial):
        return archive.path, str(opener.args[0])
    return None, ""


def _folder_notes(images: Sequence[UnlabelledImage]) -> list[str]:
    """Return a note if the images lie in folders that look like classes."""
    folders = Counter(str(PurePosixPath(each.name.replace("\\", "/")).parent) for each in images)
    if len(folders) < 2 or min(folders.values()) < MIN_PER_FOLDER:
        return []
    names = join_names(sorted({PurePosixPath(each).name for each in folders}), limit=3)
    return [f"The images lie in {len(folders):,} folders ({names}). Their names are not used as labels."]


def _column_notes(source: Any, path: Path | None) -> list[str]:
    """Return a note if a table has a column of labels."""
    names = [str(each) for each in getattr(source, "columns", ())]
    if path is not None and path.suffix.lower() in (".csv", ".tsv"):
        try:
            with delimited_rows(path) as rows:
                names = next(rows, [])
        except (OSError, UnicodeDecodeError, csv.Error):  # the reader has already read the table
            names = []
    found = [name.strip() for name in names if name.strip().lower() in LABEL_NAMES]
    return (
        [f"The column {join_names(map(repr, found))} is not used: exploring needs no labels."]
        if found
        else []
    )
