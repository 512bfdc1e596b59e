"""Read a table with a column of image paths and a column of labels."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, Reader
from autotl.data import (
    as_path,
    choose_columns,
    image_column,
    is_image_path,
    label_text,
    label_texts,
    no_label,
    open_image,
    part_of,
    some,
    upright_rgb,
)
from autotl.errors import DataError
from autotl.lazy import lazy_module

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
else:  # a list of plugins does not need them
    pd, pa = lazy_module("pandas"), lazy_module("pyarrow")

_SUFFIXES = (".csv", ".tsv", ".parquet", ".pq")


class Tables:
    """CSV, TSV and Parquet files and pandas DataFrames.

    Relative paths start from the folder of the table, those of a DataFrame from the current folder.
    """

    name = "tables"
    summary = (
        "a .csv, .tsv or .parquet file or a pandas DataFrame with a column of image paths and one of labels"
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
        where, root, table = _opened(source)
        chosen = choose_columns(table, columns)
        try:
            return Listing(
                _items(table, chosen.image, chosen.label, chosen.group, chosen.part, root), chosen.notes
            )
        except DataError as error:
            raise DataError(f"{where}: {error}") from error

    def images(self, source: object, columns: Columns) -> list[tuple[str, Callable[[], Image.Image]]]:
        """List images without labels. A cell without a path is an image that cannot be opened."""
        _, root, table = _opened(source)
        cells = table[image_column(table, columns.image)]
        return [_unlabelled(cell, f"row {number}", root) for number, cell in enumerate(cells, start=1)]


def _opened(source: object) -> tuple[str, Path, pd.DataFrame]:
    """What errors call the table, the folder that its paths start from, and the table."""
    if isinstance(source, pd.DataFrame):
        where, root = "The DataFrame", Path.cwd()
        table = source.rename(columns=str)
    else:
        path = as_path(source)
        if path is None:
            raise DataError(f"A DataFrame or the path of a table was due, not {source!r}.")
        where, root = str(path), path.parent
        table = _parquet(path) if path.suffix.lower() in (".parquet", ".pq") else _text(path)
    if twice := [name for name, count in Counter(table.columns).items() if count > 1]:
        raise DataError(
            f"{where} has more than one column called {some(twice)}. Give each a name of its own."
        )
    if table.empty:
        raise DataError(f"{where} has no rows. One row per image is due.")
    return where, root, table


def _unlabelled(cell: object, row: str, root: Path) -> tuple[str, Callable[[], Image.Image]]:
    """The name of the image in a cell (a path, the bytes of a file, or both as the Hub keeps them) and its
    opener.
    """
    held, path = (cell.get("bytes"), cell.get("path")) if isinstance(cell, Mapping) else (cell, cell)
    name = str(path).strip().replace("\\", "/") if isinstance(path, str | Path) else ""
    if isinstance(cell, Image.Image):
        return row, partial(upright_rgb, cell)
    if isinstance(held, bytes):
        return name or row, partial(open_image, held)
    return name or row, partial(open_image, root / name) if name else partial(_no_image, cell)


def _no_image(cell: object) -> Image.Image:
    raise DataError("the cell is empty" if no_label(cell) else f"a {type(cell).__name__} is no image")


def _items(
    table: pd.DataFrame, image: str, label: str, group: str | None, part: str | None, root: Path
) -> list[Item]:
    rows = [f"row {number}" for number in range(1, len(table) + 1)]
    paths = _paths(table[image], rows)
    labels = label_texts(table[label], places=rows)
    groups = (
        [None] * len(rows)
        if group is None
        else [None if no_label(value) else label_text(value) for value in table[group]]
    )
    parts = [None] * len(rows) if part is None else [part_of(value) for value in table[part]]
    return [
        Item(path, label, partial(open_image, root / path), group=group, part=part)
        for path, label, group, part in zip(paths, labels, groups, parts, strict=True)
    ]


def _paths(column: pd.Series, rows: list[str]) -> list[str]:
    values = [str(value).strip() if isinstance(value, str | Path) else "" for value in column]
    if missing := [row for row, value in zip(rows, values, strict=True) if not value]:
        raise DataError(f"The column {column.name!r} holds no image path in {some(missing)}.")
    if "://" in values[0]:
        raise DataError(
            f"The column {column.name!r} holds addresses ({values[0]}). Download the images first."
        )
    return [value.replace("\\", "/") for value in values]


def _parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path).rename(columns=str)
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
    missing = {"", "nan", "NaN"}
    cells = [[None if cell.strip() in missing else cell for cell in row] for row in rows]
    return pd.DataFrame(cells, columns=pd.Index([name.strip() for name in names]), dtype=object)


@hookimpl
def autotl_readers() -> list[Reader]:
    return [Tables()]
