"""Read a folder that holds a folder of images per class."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, Reader
from autotl.data import as_path, no_columns, open_image, place
from autotl.errors import DataError


class Folders:
    """Class folders, also inside train, val and test; links are followed."""

    name = "folders"
    summary = "a folder with one folder of images per class, or with train/, val/ and test/ that hold them"

    def reads(self, source: object) -> Applies:
        path = as_path(source)
        if path is None:
            return Applies(False, "it is not a path")
        return Applies(path.is_dir(), f"{path} is {'a' if path.is_dir() else 'no'} folder")

    def read(self, source: object, columns: Columns) -> Listing:
        no_columns(columns, "a folder")
        root = as_path(source)
        if root is None:
            raise DataError(f"The path of a folder was due, not {source!r}.")
        found, notes = place(sorted(_files(root)), where=str(root))
        return Listing(
            [
                Item(each.name, each.label, partial(open_image, root / each.name), part=each.part)
                for each in found
            ],
            notes,
        )


def _files(root: Path) -> Iterator[str]:
    """The names of all files below ``root``, with ``/`` between folders."""
    seen = {os.path.realpath(root)}
    for folder, below, files in os.walk(root, followlinks=True):
        # A link back to a folder above would otherwise be walked for ever.
        real = {name: os.path.realpath(Path(folder, name)) for name in below}
        below[:] = [name for name in sorted(below) if real[name] not in seen]
        seen.update(real.values())
        inside = Path(folder).relative_to(root)
        for file in files:
            yield (inside / file).as_posix()


@hookimpl
def autotl_readers() -> list[Reader]:
    return [Folders()]
