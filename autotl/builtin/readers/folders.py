"""Read a folder that holds a folder of images per class."""

from __future__ import annotations

from functools import partial

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, Reader
from autotl.data import (
    files_below,
    holds_dataset,
    label_paths,
    open_image,
    path_or_none,
    refuse_columns,
    refuse_targets,
)
from autotl.errors import DataError


class Folders:
    """Reads class folders, also inside train, val and test; follows links."""

    name = "folders"
    summary = "a folder with one folder of images per class, or with train/, val/ and test/ that hold them"

    def reads(self, source: object) -> Applies:
        path = path_or_none(source)
        if path is None:
            return Applies(False, "it is not a path")
        if path.is_dir() and holds_dataset(path):
            return Applies(False, f"{path} holds a stored dataset")
        return Applies(path.is_dir(), f"{path} is {'a' if path.is_dir() else 'no'} folder")

    def read(self, source: object, columns: Columns) -> Listing:
        refuse_columns(columns, "a folder")
        refuse_targets(columns, "a folder")
        root = path_or_none(source)
        if root is None:
            raise DataError(f"source must be the path of a folder (got {source!r}).")
        found, notes = label_paths(sorted(files_below(root)), where=str(root))
        return Listing(
            [
                Item(each.name, each.label, partial(open_image, root / each.name), part=each.part)
                for each in found
            ],
            notes,
        )


@hookimpl
def autotl_readers() -> list[Reader]:
    return [Folders()]
