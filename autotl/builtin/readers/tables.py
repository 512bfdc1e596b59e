"""Read a table of images or image paths and labels."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, RawTarget, Reader
from autotl.data import (
    ChosenColumns,
    FoundTargets,
    ImageLocator,
    cell_opener,
    choose_columns,
    delimited_rows,
    group_texts,
    holds_image,
    image_column,
    is_image_name,
    is_missing,
    join_names,
    joined_parquet,
    json_rows,
    names_of_ids,
    open_cells,
    parquet_class_names,
    parquet_files,
    path_or_none,
    path_text,
    read_target_columns,
    read_targets,
    rows_of_texts,
    text_column,
    text_name,
)
from autotl.errors import DataError
from autotl.importing.lazy import lazy_module

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
else:  # listing plugins does not need them
    pd, pa, pq = lazy_module("pandas"), lazy_module("pyarrow"), lazy_module("pyarrow.parquet")

_PARQUET_SUFFIXES = (".parquet", ".pq")
_JSON_SUFFIXES = (".jsonl", ".ndjson")
_SUFFIXES = (".csv", ".tsv", *_PARQUET_SUFFIXES, *_JSON_SUFFIXES)


class Tables:
    """Reads CSV, TSV, Parquet and JSON-lines files and pandas DataFrames.

    Relative paths start from the folder of the table, else from the current folder. Images may lie in folders
    below, lack their suffix in the table, or be stored in the table itself. A table without images may have a
    column of texts.
    """

    name = "tables"
    summary = (
        "a .csv, .tsv or .parquet file, a folder of .parquet files or a DataFrame with a column of images or "
        "their paths and one of labels"
    )

    def reads(self, source: object) -> Applies:
        path = path_or_none(source)
        if path is None:
            if isinstance(source, pd.DataFrame):
                return Applies(True, "it is a DataFrame")
            return Applies(False, "it is neither a path nor a DataFrame")
        if path.is_dir() and parquet_files(path):
            return Applies(True, f"{path} holds Parquet files")
        if path.suffix.lower() not in _SUFFIXES:
            return Applies(False, f"{path.name} does not end in {', '.join(_SUFFIXES)}")
        return Applies(path.is_file(), f"{path} is {'a' if path.is_file() else 'no'} file")

    def read(self, source: object, columns: Columns) -> Listing:
        table = _load(source)
        try:
            chosen = choose_columns(table.cells, columns, files=table.locator, marked=list(table.class_names))
            targets = _targets(table, chosen.labels, columns)
            if chosen.modality == "image" and table.refusal is not None:
                raise table.refusal
            items, notes = _items(table, chosen, targets.values)
        except DataError as error:
            if error is table.refusal:
                raise
            raise DataError(f"{table.name}: {error}") from error
        return Listing(items, (*chosen.notes, *targets.notes, *notes), targets.spec, chosen.modality)

    def images(self, source: object, columns: Columns) -> list[tuple[str, Callable[[], Image.Image]]]:
        """List images without labels.

        Opening the image of an empty cell raises an error.
        """
        table = _load(source)
        if table.refusal is not None:
            raise table.refusal
        cells = table.cells[image_column(table.cells, columns.image, files=table.locator)]
        rows = _row_names(table.cells)
        listed: dict[str, tuple[str, Callable[[], Image.Image]]] = {
            row: (row, partial(_raise_no_image, cell)) for row, cell in zip(rows, cells, strict=True)
        }
        filled = {row: cell for row, cell in zip(rows, cells, strict=True) if _names_image(cell)}
        found = open_cells(filled.values(), list(filled), table.locator, column="The column of images")
        for row, name, opener in zip(filled, found.names, found.openers, strict=True):
            listed[row] = name, opener
        return list(listed.values())

    def texts(self, source: object, text: str | None) -> list[tuple[str, Callable[[], str]]]:
        """List texts without labels; see :class:`autotl.data.ReadsTexts`."""
        table = _load(source)
        column = text_column(table.cells, text)
        cells = list(table.cells[column])
        names = map(text_name, _row_names(table.cells), cells)
        return list(zip(names, map(cell_opener, cells), strict=True))


@dataclass(frozen=True, slots=True)
class _Table:
    """A table that was loaded.

    Attributes:
        name: Its name in errors.
        cells: Its cells, with text as column names.
        class_names: The class names by column, if the file stores them.
        locator: Finds the images that the cells name.
        refusal: Why the file is refused as a table of images; None if it is not.
        notes: Notes on the file.
    """

    name: str
    cells: pd.DataFrame
    class_names: Mapping[str, Sequence[str]]
    locator: ImageLocator
    refusal: DataError | None = None
    notes: tuple[str, ...] = ()


def _load(source: object) -> _Table:
    """Load a DataFrame or a file, and check its columns."""
    class_names: Mapping[str, Sequence[str]] = {}
    refusal, notes = None, tuple[str, ...]()
    if isinstance(source, pd.DataFrame):
        name, locator = "The DataFrame", ImageLocator(Path.cwd())
        cells = source.set_axis([str(column) for column in source.columns], axis=1)
    else:
        path = path_or_none(source)
        if path is None:
            raise DataError(f"source must be a DataFrame or the path of a table (got {source!r}).")
        name, locator = str(path), ImageLocator(path.parent, table=path.stem)
        if path.is_dir():
            cells, class_names = joined_parquet(path, _load_parquet)
        elif path.suffix.lower() in _PARQUET_SUFFIXES:
            cells, class_names = _load_parquet(path)
        elif path.suffix.lower() in _JSON_SUFFIXES:
            cells = pd.DataFrame(json_rows(path), dtype=object)
        else:
            lines, refusal, note = _read_lines(path)
            cells, notes = _load_text(path, lines), (note,) if note else ()
    if repeated := [column for column, count in Counter(cells.columns).items() if count > 1]:
        raise DataError(
            f"The columns of {name} must have distinct names (got "
            f"{join_names(column or repr(column) for column in repeated)} more than once). Rename them."
        )
    if cells.empty:
        raise DataError(f"{name} must have a row per image or text (got no rows).")
    return _Table(name, cells, class_names, locator, refusal, notes)


def _row_names(cells: pd.DataFrame) -> list[str]:
    return [f"row {number}" for number in range(1, len(cells) + 1)]


def _names_image(cell: object) -> bool:
    return holds_image(cell) or bool(path_text(cell))


def _raise_no_image(cell: object) -> Image.Image:
    raise DataError("the cell is empty" if is_missing(cell) else f"a {type(cell).__name__} is no image")


def _items(
    table: _Table, chosen: ChosenColumns, targets: Sequence[RawTarget]
) -> tuple[list[Item], tuple[str, ...]]:
    """Return an item for each row, and notes."""
    rows = _row_names(table.cells)
    if chosen.modality == "text":
        texts = [cell_opener(cell) for cell in table.cells[chosen.image]]
        return _labelled(table, chosen, rows, texts, targets), table.notes
    found = open_cells(table.cells[chosen.image], rows, table.locator, column=f"The column {chosen.image!r}")
    return _labelled(table, chosen, found.names, found.openers, targets), found.notes


def _labelled(
    table: _Table,
    chosen: ChosenColumns,
    names: Sequence[str],
    openers: Sequence[Callable[[], object]],
    targets: Sequence[RawTarget],
) -> list[Item]:
    """Return the items with their groups and parts."""
    count = len(names)
    groups = [None] * count if chosen.group is None else group_texts(table.cells[chosen.group])
    parts = chosen.parts or [None] * count
    return [
        Item(name, target, opener, group=group, part=part)
        for name, opener, target, group, part in zip(names, openers, targets, groups, parts, strict=True)
    ]


def _targets(table: _Table, labels: tuple[str, ...], columns: Columns) -> FoundTargets:
    """Return the target of each row; "" for a missing one, if that is allowed."""
    rows, kind = _row_names(table.cells), columns.target
    if len(labels) > 1:
        return read_target_columns(table.cells, labels, row_names=rows, kind=kind)
    (column,) = labels
    values, named = list(table.cells[column]), column in table.class_names
    if named:
        values = names_of_ids(values, table.class_names[column])
    known = [not (columns.blank_labels and is_missing(value)) for value in values]
    found = read_targets(
        list(compress(values, known)),
        row_names=list(compress(rows, known)),
        kind=kind,
        column=column,
        named=named,
    )
    targets = iter(found.values)
    return replace(found, values=[next(targets) if each else "" for each in known])


def _load_parquet(path: Path) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
    """Return the cells and the stored class names."""
    try:
        with path.open("rb") as file:
            metadata = pq.read_schema(file).metadata
        return pd.read_parquet(path).rename(columns=str), parquet_class_names(metadata)
    except ImportError as error:
        raise DataError(
            f"{path} is a Parquet file, which needs pyarrow: pip install 'autotl[parquet]'. "
            "CSV needs no other package."
        ) from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}.") from error


def _read_lines(path: Path) -> tuple[list[list[str]], DataError | None, str]:
    """Return the lines, why they are refused as a table of images, and a note on the encoding."""
    try:
        with delimited_rows(path) as found:
            return list(found), None, ""
    except UnicodeDecodeError as error:
        refusal = DataError(f"{path} must be UTF-8 text ({error.reason}). Save it as UTF-8.")
    except (OSError, csv.Error) as error:
        refusal = DataError(f"{path} cannot be read as a table: {error}.")
    if (texts := rows_of_texts(path)) is None:
        raise refusal
    return texts[0], refusal, texts[1]


def _load_text(path: Path, lines: list[list[str]]) -> pd.DataFrame:
    """Return the cells as text; empty cells are missing.

    Label 007 stays 007. Columns without a name and without cells are left out.
    """
    if any("\0" in cell for line in lines for cell in line):
        raise DataError(f"{path} must be UTF-8 text (got zero bytes). Save it as UTF-8.")
    if not lines:
        raise DataError(
            f"{path} must have a line of column names and a row per image or text (got an empty file)."
        )
    names, *rows = lines
    if any(is_image_name(name) for name in names):
        raise DataError(
            f"The first line of {path} must hold column names (got an image: {', '.join(names)}). Add one."
        )
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise DataError(
                f"Each row of {path} must have {len(names)} cells (got {len(row)} in row {number}: {row})."
            )
    cells = [[None if cell.strip() in ("", "nan", "NaN") else cell for cell in row] for row in rows]
    table = pd.DataFrame(cells, columns=pd.Index([name.strip() for name in names]), dtype=object)
    used = [bool(name) or bool(table.iloc[:, i].notna().any()) for i, name in enumerate(table)]
    return table.loc[:, used]


@hookimpl
def autotl_readers() -> list[Reader]:
    return [Tables()]
