"""Read class folders inside a ZIP file."""

from __future__ import annotations

from functools import partial

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, Reader
from autotl.data import ZipImages, label_paths, path_or_none, refuse_columns, refuse_targets
from autotl.errors import DataError


class Archive:
    """Reads class folders in a ZIP file, without unpacking it to disk."""

    name = "archive"
    summary = "a .zip of class folders, or of train/, val/ and test/ that hold them"

    def reads(self, source: object) -> Applies:
        path = path_or_none(source)
        if path is None:
            return Applies(False, "it is not a path")
        if path.suffix.lower() != ".zip":
            return Applies(False, f"{path.name} does not end in .zip")
        return Applies(path.is_file(), f"{path} is {'a' if path.is_file() else 'no'} file")

    def read(self, source: object, columns: Columns) -> Listing:
        refuse_columns(columns, "a .zip file")
        refuse_targets(columns, "a .zip file")
        path = path_or_none(source)
        if path is None:
            raise DataError(f"source must be the path of a .zip file (got {source!r}).")
        archive = ZipImages(path)
        found, notes = label_paths(archive.names(), where=str(path))
        return Listing(
            [
                Item(each.name, each.label, partial(archive.image, each.name), part=each.part)
                for each in found
            ],
            notes,
        )


@hookimpl
def autotl_readers() -> list[Reader]:
    return [Archive()]
