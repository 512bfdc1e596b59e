"""Read tables in other encodings, with long cells, or as JSON lines."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from autotl.data.tabular.delimited import delimited_rows
from autotl.data.texts.encodings import encoding_note, encoding_of
from autotl.errors import DataError

LONGEST_CELL = 100_000_000
"""Characters of a cell above which a file is taken as damaged."""


def rows_of_texts(path: Path) -> tuple[list[list[str]], str] | None:
    """Return the rows of a table, and a note on its encoding.

    The encoding may be any usual one, and cells may be long. None stands for a file that is unreadable.
    """
    try:
        encoding = encoding_of(path.read_bytes())
        with delimited_rows(path, encoding=encoding, longest=LONGEST_CELL) as rows:
            return list(rows), encoding_note(encoding, str(path))
    except (OSError, UnicodeDecodeError, csv.Error):
        return None


def json_rows(path: Path) -> list[dict[str, object]]:
    """Return the JSON objects of a file, one in each line.

    Raises:
        DataError: A line holds something else.
    """
    found = []
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as JSON lines in UTF-8: {error}. Save it again.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"Each line of {path} must be JSON (got {error} in line {number}).") from error
        if not isinstance(value, dict):
            kind = type(value).__name__
            raise DataError(f"Each line of {path} must be a JSON object (got a {kind} in line {number}).")
        found.append(value)
    return found
