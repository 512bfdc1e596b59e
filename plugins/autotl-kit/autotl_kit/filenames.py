"""Read a flat folder of images with the class in the file names."""

import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing
from autotl.data import READABLE_SUFFIXES, join_names, label_text, open_image, path_or_none, refuse_columns
from autotl.errors import DataError

NUMBERED = re.compile(r"(?P<label>.+?)[ ._-]+\(?[0-9]+\)?")
TABLES = {".csv", ".tsv", ".parquet"}


class FileNames:
    """Reader of ``cat_001.jpg``, ``cat-12.png``, ``cat.7.jpg`` and ``cat (3).jpg`` as images of class cat.

    It reads a folder if every image is directly in it, has such a name, and there are two or more classes. It
    does not read folders with class folders or tables.
    """

    name = "filenames"
    summary = "a flat folder of images named by class and number, such as cat_001.jpg"

    def reads(self, source: object) -> Applies:
        """Return whether the source is such a folder, with the reason."""
        path = path_or_none(source)
        if path is None or not path.is_dir():
            return Applies(False, "it is not a folder")
        labels: dict[str, str] = {}
        for file in _files(path):
            if file.suffix.lower() in TABLES:
                return Applies(False, f"it contains {file.name}, which may have the labels; use that file")
            if file.suffix.lower() in READABLE_SUFFIXES:
                if (label := _label(file)) is None:
                    return Applies(False, f"the name of {file.name} is not a class and a number")
                labels.setdefault(label, file.name)
        if len(labels) < 2:
            only = "".join(f", only {label!r}" for label in labels)
            return Applies(False, f"its file names have fewer than two classes{only}")
        if nested := next(_nested_images(path), None):
            return Applies(False, f"it contains folders with images, such as {nested}")
        return Applies(True, f"its file names have {len(labels)} classes")

    def read(self, source: object, columns: Columns) -> Listing:
        """Return the images with their classes.

        Raises:
            DataError: If the source is not such a folder.
        """
        refuse_columns(columns, "a folder")
        root = path_or_none(source)
        if root is None or not (answer := self.reads(root)):
            raise DataError(
                f"{source!r} is not a folder of images named by class and number"
                f"{f': {answer.why}' if root else ''}."
            )
        images = sorted(file for file in _files(root) if file.suffix.lower() in READABLE_SUFFIXES)
        items = [Item(file.name, _label(file) or "", partial(open_image, file)) for file in images]
        classes = sorted({item.target for item in items})
        return Listing(items, (f"The classes come from the file names: {join_names(classes)}.",))


def _label(file: Path) -> str | None:
    found = NUMBERED.fullmatch(file.stem)
    return label_text(found["label"]) if found else None


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder, except hidden ones."""
    return (each for each in folder.iterdir() if not each.name.startswith(".") and each.is_file())


def _nested_images(root: Path) -> Iterator[str]:
    """Yield the images in folders inside ``root``."""
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if Path(folder) != root:
            yield from (
                str(Path(folder, file).relative_to(root))
                for file in files
                if Path(file).suffix.lower() in READABLE_SUFFIXES
            )


@hookimpl
def autotl_readers() -> list[FileNames]:
    """Provide the reader."""
    return [FileNames()]
