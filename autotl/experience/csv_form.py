"""Read and write records as CSV.

Also load the files shipped with the package.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import MISSING, astuple, fields
from importlib import resources
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")

_PARSERS: dict[str, Callable[[str], object]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": lambda text: text == "True",
    "float | None": lambda text: float(text) if text else None,
}


def from_csv(kind: type[R], text: str) -> list[R]:
    """Read records from CSV text written by :func:`to_csv`.

    Columns are matched by name. A field with a default may have none.
    """
    table = csv.DictReader(io.StringIO(text, newline=""))
    known = set(table.fieldnames or ())
    parsers = {
        each.name: _PARSERS[str(each.type)]
        for each in fields(kind)
        if each.default is MISSING or each.name in known
    }
    return [kind(**{name: parse(line[name]) for name, parse in parsers.items()}) for line in table]


def to_csv(kind: type[R], records: Iterable[R]) -> str:
    """Return records as CSV text with a header.

    None becomes an empty cell.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([each.name for each in fields(kind)])
    writer.writerows(astuple(record) for record in records)
    return out.getvalue()


def shipped(kind: type[R], name: str) -> list[R]:
    """Return the records of a shipped file.

    The list is empty if the file does not exist.
    """
    file = resources.files("autotl.experience").joinpath(name)
    return from_csv(kind, file.read_text(encoding="utf-8")) if file.is_file() else []
