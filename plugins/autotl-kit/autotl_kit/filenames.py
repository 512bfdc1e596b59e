"""Read a flat folder of images whose file names carry the class."""

import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing
from autotl.data import READABLE_SUFFIXES, join_names, label_text, open_image, path_or_none, refuse_columns
from autotl.errors import DataError

COUNTED = re.compile(r"(?P<label>.+?)[ ._-]+\(?[0-9]+\)?")
TABLES = {".csv", ".tsv", ".parquet"}


class FileNames:
    """``cat_001.jpg``, ``cat-12.png``, ``cat.7.jpg`` and ``cat (3).jpg`` are cats.

    Claims a folder only where every image lies directly in it and is named like that, with two classes or
    more: never one that holds class folders, or a table that may know the labels better.
    """

    name = "filenames"
    summary = "a flat folder of images named by class and number, such as cat_001.jpg"

    def reads(self, source: object) -> Applies:
        path = path_or_none(source)
        if path is None or not path.is_dir():
            return Applies(False, "it is not a folder")
        labels: dict[str, str] = {}
        for file in _visible(path):
            if file.suffix.lower() in TABLES:
                return Applies(False, f"it holds {file.name}, which may say the labels: give that file")
            if file.suffix.lower() in READABLE_SUFFIXES:
                if (label := _label(file)) is None:
                    return Applies(False, f"{file.name} is not named by a class and a number")
                labels.setdefault(label, file.name)
        if len(labels) < 2:
            only = "".join(f", only {label!r}" for label in labels)
            return Applies(False, f"its file names tell no two classes apart{only}")
        if deeper := next(_below(path), None):
            return Applies(False, f"images lie in folders inside it, such as {deeper}")
        return Applies(True, f"its file names carry {len(labels)} classes")

    def read(self, source: object, columns: Columns) -> Listing:
        refuse_columns(columns, "a folder")
        root = path_or_none(source)
        if root is None or not (answer := self.reads(root)):
            raise DataError(
                f"A folder of images named by class and number was due: {answer.why if root else source!r}."
            )
        images = sorted(file for file in _visible(root) if file.suffix.lower() in READABLE_SUFFIXES)
        items = [Item(file.name, _label(file) or "", partial(open_image, file)) for file in images]
        classes = sorted({item.label for item in items})
        return Listing(items, (f"The classes were read from the file names: {join_names(classes)}.",))


def _label(file: Path) -> str | None:
    found = COUNTED.fullmatch(file.stem)
    return label_text(found["label"]) if found else None


def _visible(folder: Path) -> Iterator[Path]:
    return (each for each in folder.iterdir() if not each.name.startswith(".") and each.is_file())


def _below(root: Path) -> Iterator[str]:
    """The images in the folders inside ``root``, as they are found."""
    for folder, below, files in os.walk(root):
        below[:] = [name for name in below if not name.startswith(".")]
        if Path(folder) != root:
            yield from (
                str(Path(folder, file).relative_to(root))
                for file in files
                if Path(file).suffix.lower() in READABLE_SUFFIXES
            )


@hookimpl
def autotl_readers() -> list[FileNames]:
    return [FileNames()]
