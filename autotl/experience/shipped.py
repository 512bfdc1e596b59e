"""Read and write rows of experience as CSV, the form in which some come with the package."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import astuple, fields
from importlib import resources
from typing import Any

from autotl.experience.row import Row

_READ: dict[str, Callable[[str], object]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": lambda text: text == "True",
    "float | None": lambda text: float(text) if text else None,
}


def shipped_rows() -> list[Row]:
    """The rows that came with the package; none where it came without."""
    file = resources.files("autotl.experience").joinpath("shipped.csv")
    return rows_from_csv(file.read_text(encoding="utf-8")) if file.is_file() else []


def rows_from_csv(text: str) -> list[Row]:
    """Rows from what :func:`rows_to_csv` has written; columns are known by their names."""
    table = csv.DictReader(io.StringIO(text, newline=""))
    return [_row(line) for line in table]


def rows_to_csv(rows: Iterable[Row]) -> str:
    """Rows as CSV with a header; what is unknown is left empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([field.name for field in fields(Row)])
    writer.writerows(astuple(row) for row in rows)
    return out.getvalue()


def _row(line: dict[str, str]) -> Row:
    values: dict[str, Any] = {field.name: _READ[str(field.type)](line[field.name]) for field in fields(Row)}
    return Row(**values)
