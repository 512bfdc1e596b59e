"""Read a folder that holds a folder of text files per class."""

from __future__ import annotations

from functools import partial

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, Reader
from autotl.data import (
    files_below,
    holds_dataset,
    is_image_name,
    part_of,
    path_or_none,
    read_text_file,
    refuse_columns,
    refuse_targets,
    text_files,
)
from autotl.errors import DataError


class Documents:
    """Reads class folders of text files, also inside train, val and test.

    A folder with images is left to the reader ``folders``.
    """

    name = "documents"
    summary = "a folder with one folder of text files (.txt) per class, or with train/, val/ and test/"

    def reads(self, source: object) -> Applies:
        path = path_or_none(source)
        if path is None or not path.is_dir():
            return Applies(False, "it is not a folder")
        if holds_dataset(path):
            return Applies(False, f"{path} holds a stored dataset")
        if any(is_image_name(str(name)) for name in files_below(path)):
            return Applies(False, f"{path} holds images")
        found = bool(text_files(path))
        return Applies(found, f"{path} holds {'' if found else 'no '}text files")

    def read(self, source: object, columns: Columns) -> Listing:
        refuse_columns(columns, "a folder")
        refuse_targets(columns, "a folder")
        root = path_or_none(source)
        if root is None:
            raise DataError(f"source must be the path of a folder (got {source!r}).")
        items = []
        for file in text_files(root):
            name = file.relative_to(root)
            part = part_of(name.parts[0]) if len(name.parts) > 2 else None
            if len(name.parts) < 2:
                raise DataError(
                    f"Each text file must be in the folder of its class (got {name} in {root} itself). "
                    "Move it into a folder."
                )
            label = name.parts[0] if part is None else name.parts[1]
            items.append(Item(name.as_posix(), label, partial(read_text_file, file), part=part))
        return Listing(items, modality="text")


@hookimpl
def autotl_readers() -> list[Reader]:
    return [Documents()]
