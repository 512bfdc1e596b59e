"""Read the rows of a text table, with any usual separator."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

_SEPARATOR_LINE = re.compile(r'"?sep=([\t,;|])"?\s*')
"""A first line that tells a spreadsheet which separator follows."""
_QUOTED = re.compile(r'"[^"]*"')


@contextmanager
def delimited_rows(
    path: Path, *, encoding: str = "utf-8-sig", longest: int | None = None
) -> Iterator[Iterator[list[str]]]:
    """Yield the rows of a text table, column names first.

    Empty lines are skipped. The separator is named by a first line ``sep=;``. Without such a line, it is the
    most frequent separator in the column names.

    Args:
        path: The file.
        encoding: Its encoding.
        longest: The largest number of characters of a cell; None for the limit of the csv module.

    Raises:
        OSError: The file cannot be read.
        UnicodeDecodeError: The file has another encoding.
        csv.Error: A quotation mark is not closed or is followed by text, or a cell is too long.
    """
    with path.open(encoding=encoding, newline="") as file, _cells_up_to(longest):
        first = next((line for line in file if line.strip()), "")
        if named := _SEPARATOR_LINE.fullmatch(first):
            separator = named[1]
        else:
            file.seek(0)
            unquoted = _QUOTED.sub("", first)
            tabs = path.suffix.lower() == ".tsv" and "\t" in unquoted
            separator = "\t" if tabs else max(",;\t|", key=unquoted.count)
        # without ``strict``, a mark that is not closed takes the following rows into one cell
        reader = csv.reader(file, delimiter=separator, skipinitialspace=separator != "\t", strict=True)
        yield _nonempty_rows(reader)


@contextmanager
def _cells_up_to(longest: int | None) -> Iterator[None]:
    """Change the limit of the csv module, which has one for all readers, and restore it."""
    before = csv.field_size_limit()
    if longest is not None:
        csv.field_size_limit(longest)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _nonempty_rows(reader: CsvReader) -> Iterator[list[str]]:
    """Yield the rows with cells; name the line of an error."""
    try:
        yield from filter(None, reader)
    except csv.Error as error:
        raise csv.Error(f"{error} (in line {reader.line_num}; check its quotation marks)") from error
