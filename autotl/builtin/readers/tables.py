"""Read a table with a column of image paths and a column of labels."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, Reader
from autotl.data import (
    Chosen,
    Files,
    as_path,
    choose_columns,
    class_names_of,
    doubtful,
    group_texts,
    holds_image,
    image_column,
    is_image_path,
    is_missing,
    label_texts,
    labels_from,
    named,
    openers,
    some,
    text_of,
)
from autotl.errors import DataError
from autotl.importing.lazy import lazy_module

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
else:  # a list of plugins does not need them
    pd, pa, pq = lazy_module("pandas"), lazy_module("pyarrow"), lazy_module("pyarrow.parquet")

_SUFFIXES = (".csv", ".tsv", ".parquet", ".pq")


class Tables:
    """CSV, TSV and Parquet files and pandas DataFrames.

    Relative paths start from the folder of the table, else from the current folder. Images may lie in folders
    below, lack their ending in the table, or be stored in the table itself.
    """

    name = "tables"
    summary = (
        "a .csv, .tsv or .parquet file or a DataFrame with a column of images or "
        "their paths and one of labels"
    )

    def reads(self, source: object) -> Applies:
        path = as_path(source)
        if path is None:
            if isinstance(source, pd.DataFrame):
                return Applies(True, "it is a DataFrame")
            return Applies(False, "it is neither a path nor a DataFrame")
        if path.suffix.lower() not in _SUFFIXES:
            return Applies(False, f"{path.name} does not end in {', '.join(_SUFFIXES)}")
        return Applies(path.is_file(), f"{path} is {'a' if path.is_file() else 'no'} file")

    def read(self, source: object, columns: Columns) -> Listing:
        opened = _opened(source)
        try:
            chosen = choose_columns(
                opened.table, columns, files=opened.files, marked=list(opened.class_names)
            )
            items, notes = _items(opened.table, chosen, opened.class_names, opened.files)
        except DataError as error:
            raise DataError(f"{opened.where}: {error}") from error
        return Listing(items, (*chosen.notes, *notes))

    def images(self, source: object, columns: Columns) -> list[tuple[str, Callable[[], Image.Image]]]:
        """List images without labels. A cell without one is an image that cannot be opened."""
        opened = _opened(source)
        cells = opened.table[image_column(opened.table, columns.image, files=opened.files)]
        rows = [f"row {number}" for number in range(1, len(cells) + 1)]
        found: dict[str, tuple[str, Callable[[], Image.Image]]] = {
            row: (row, partial(_no_image, cell)) for row, cell in zip(rows, cells, strict=True)
        }
        known = {row: cell for row, cell in zip(rows, cells, strict=True) if _names_image(cell)}
        named_ones = openers(known.values(), list(known), opened.files, column="The column of images")
        for row, name, opener in zip(known, named_ones.names, named_ones.openers, strict=True):
            found[row] = name, opener
        return list(found.values())


@dataclass(frozen=True, slots=True)
class _Opened:
    """A table that was read.

    Attributes:
        where: What errors call it.
        table: Its cells.
        class_names: The names of classes by column, if the file keeps them.
        files: Finds the images that it names.
    """

    where: str
    table: pd.DataFrame
    class_names: Mapping[str, Sequence[str]]
    files: Files


def _opened(source: object) -> _Opened:
    names: Mapping[str, Sequence[str]] = {}
    if isinstance(source, pd.DataFrame):
        where, files = "The DataFrame", Files(Path.cwd())
        table = source.rename(columns=str)
    else:
        path = as_path(source)
        if path is None:
            raise DataError(f"A DataFrame or the path of a table was due, not {source!r}.")
        where, files = str(path), Files(path.parent, table=path.stem)
        if path.suffix.lower() in (".parquet", ".pq"):
            table, names = _parquet(path)
        else:
            table = _text(path)
    if twice := [name for name, count in Counter(table.columns).items() if count > 1]:
        raise DataError(
            f"{where} has more than one column called {some(twice)}. Give each a name of its own."
        )
    if table.empty:
        raise DataError(f"{where} has no rows. One row per image is due.")
    return _Opened(where, table, names, files)


def _names_image(cell: object) -> bool:
    return holds_image(cell) or bool(text_of(cell))


def _no_image(cell: object) -> Image.Image:
    raise DataError("the cell is empty" if is_missing(cell) else f"a {type(cell).__name__} is no image")


def _items(
    table: pd.DataFrame, chosen: Chosen, names: Mapping[str, Sequence[str]], files: Files
) -> tuple[list[Item], tuple[str, ...]]:
    rows = [f"row {number}" for number in range(1, len(table) + 1)]
    found = openers(table[chosen.image], rows, files, column=f"The column {chosen.image!r}")
    labels, notes = _labels(table, chosen.labels, names, rows)
    groups = [None] * len(rows) if chosen.group is None else group_texts(table[chosen.group])
    parts = chosen.parts or [None] * len(rows)
    items = [
        Item(name, label, opener, group=group, part=part)
        for name, opener, label, group, part in zip(
            found.names, found.openers, labels, groups, parts, strict=True
        )
    ]
    return items, (*found.notes, *notes)


def _labels(
    table: pd.DataFrame, columns: tuple[str, ...], names: Mapping[str, Sequence[str]], rows: list[str]
) -> tuple[list[str], tuple[str, ...]]:
    """The label of each row, and notes on labels that may be none."""
    if len(columns) > 1:
        return labels_from(table, columns), ()
    values = table[columns[0]]
    if columns[0] in names:
        return label_texts(named(list(values), names[columns[0]]), places=rows), ()
    labels = label_texts(values, places=rows)
    return labels, doubtful(labels)


def _parquet(path: Path) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
    """The table, and the class names by column that the file keeps."""
    try:
        with path.open("rb") as file:
            metadata = pq.read_schema(file).metadata
        return pd.read_parquet(path).rename(columns=str), class_names_of(metadata)
    except ImportError as error:
        raise DataError(
            f"{path} is Parquet, which needs pyarrow: pip install 'autotl[parquet]'. CSV needs nothing more."
        ) from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}.") from error


def _text(path: Path) -> pd.DataFrame:
    """The table in a text file, every cell as it is written: label 007 stays 007. Empty cells are missing."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            separator = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=first.count)
            lines = [line for line in csv.reader(file, delimiter=separator) if line]
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text ({error.reason}). Save it as UTF-8.") from error
    except (OSError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a table: {error}.") from error
    if not lines:
        raise DataError(f"{path} is empty. A line of column names is due, then one row per image.")
    names, *rows = lines
    if any(is_image_path(name) for name in names):
        raise DataError(
            f"{path} starts with an image ({', '.join(names)}). A first line of column names is due."
        )
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise DataError(f"{path} has {len(names)} columns, but row {number} has {len(row)} cells: {row}.")
    cells = [[None if cell.strip() in ("", "nan", "NaN") else cell for cell in row] for row in rows]
    return pd.DataFrame(cells, columns=pd.Index([name.strip() for name in names]), dtype=object)


@hookimpl
def autotl_readers() -> list[Reader]:
    return [Tables()]
