"""Recognise folders with a dataset of Hugging Face, and read them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl.data.arguments import path_or_none
from autotl.data.image_files.list_files import files_below
from autotl.data.image_files.suffixes import is_image_name
from autotl.data.layout.part_names import part_of
from autotl.errors import DataError
from autotl.importing.lazy import lazy_module

if TYPE_CHECKING:
    import datasets
    import pandas as pd
else:  # listing plugins does not need them
    datasets, pd = lazy_module("datasets"), lazy_module("pandas")

_PIECE = re.compile(r"-\d+-of-\d+$")
"""The number of a file among those of a split, as the hub writes it."""
_PART_COLUMN = "split"

ClassNames = Mapping[str, Sequence[str]]


def is_saved_dataset(folder: Path) -> bool:
    """Return whether ``save_to_disk`` of the library ``datasets`` wrote a folder."""
    single = all((folder / name).is_file() for name in ("state.json", "dataset_info.json"))
    return single or (folder / "dataset_dict.json").is_file()


def loaded_dataset(source: object) -> Any:
    """Return a dataset of the library ``datasets``, also from its folder.

    Raises:
        DataError: The library is not installed, or the folder is damaged.
    """
    path = path_or_none(source)
    if path is None:
        return source
    try:
        return datasets.load_from_disk(str(path))
    except ImportError as error:
        raise DataError(
            f"{path} is a dataset that save_to_disk wrote, which needs the package datasets: "
            "pip install 'autotl[hf]'."
        ) from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be loaded: {error}. Save the dataset again.") from error


def holds_dataset(folder: Path) -> bool:
    """Return whether a folder holds a saved dataset, or Parquet files alone."""
    return is_saved_dataset(folder) or bool(parquet_files(folder))


def parquet_files(folder: Path) -> list[Path]:
    """Return the Parquet files in a folder, or in its ``data``.

    There are none if the folder holds image files.
    """
    found = [
        file
        for place in (folder, folder / "data")
        for pattern in ("*.parquet", "*.pq")
        for file in sorted(place.glob(pattern))
        if not file.name.startswith(".")
    ]
    if found and any(is_image_name(str(name)) for name in files_below(folder)):
        return []
    return found


def joined_parquet(
    folder: Path, load: Callable[[Path], tuple[pd.DataFrame, ClassNames]]
) -> tuple[pd.DataFrame, ClassNames]:
    """Return the cells and class names of a folder of Parquet files.

    The part that the name of a file stands for, such as ``train-00000-of-00002``, is in the column ``split``
    if the files have no such column.

    Args:
        folder: The folder.
        load: Returns the cells and the class names of a file.
    """
    tables, class_names = list[pd.DataFrame](), dict[str, Sequence[str]]()
    for file in parquet_files(folder):
        cells, names = load(file)
        part = part_of(_PIECE.sub("", file.stem))
        if part is not None and _PART_COLUMN not in cells:
            cells = cells.assign(**{_PART_COLUMN: part})
        tables.append(cells)
        class_names |= names
    return pd.concat(tables, ignore_index=True), class_names
