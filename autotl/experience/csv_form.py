"""Read and write records as CSV, the form in which some come with the package."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import astuple, fields
from importlib import resources
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")

_READ: dict[str, Callable[[str], object]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": lambda text: text == "True",
    "float | None": lambda text: float(text) if text else None,
}


def from_csv(kind: type[R], text: str) -> list[R]:
    """Read what :func:`to_csv` has written for records of this kind. Columns are known by their names."""
    table = csv.DictReader(io.StringIO(text, newline=""))
    read = {each.name: _READ[str(each.type)] for each in fields(kind)}
    return [kind(**{name: of(line[name]) for name, of in read.items()}) for line in table]


def to_csv(kind: type[R], records: Iterable[R]) -> str:
    """Return the records as CSV with a header. Unknown values are left empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([each.name for each in fields(kind)])
    writer.writerows(astuple(record) for record in records)
    return out.getvalue()


def shipped(kind: type[R], name: str) -> list[R]:
    """Return the records of a file that comes with the package; none if it comes without."""
    file = resources.files("autotl.experience").joinpath(name)
    return from_csv(kind, file.read_text(encoding="utf-8")) if file.is_file() else []
