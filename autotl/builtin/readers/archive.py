"""Read class folders inside a ZIP file."""

from __future__ import annotations

from functools import partial

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, Reader
from autotl.data import ZippedImages, as_path, no_columns, place
from autotl.errors import DataError


class Archive:
    """Class folders in a ZIP file, read in place: nothing is ever unpacked to disk."""

    name = "archive"
    summary = "a .zip of class folders, or of train/, val/ and test/ that hold them"

    def reads(self, source: object) -> Applies:
        path = as_path(source)
        if path is None:
            return Applies(False, "it is not a path")
        if path.suffix.lower() != ".zip":
            return Applies(False, f"{path.name} does not end in .zip")
        return Applies(path.is_file(), f"{path} is {'a' if path.is_file() else 'no'} file")

    def read(self, source: object, columns: Columns) -> Listing:
        no_columns(columns, "a .zip file")
        path = as_path(source)
        if path is None:
            raise DataError(f"The path of a .zip file was due, not {source!r}.")
        zipped = ZippedImages(path)
        found, notes = place(zipped.names(), where=str(path))
        return Listing(
            [Item(each.name, each.label, partial(zipped.image, each.name), part=each.part) for each in found],
            notes,
        )


@hookimpl
def autotl_readers() -> list[Reader]:
    return [Archive()]
