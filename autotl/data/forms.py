"""What the readers of all forms agree on: how paths, labels and parts are written."""

from __future__ import annotations

import math
import os
import re
import unicodedata
from collections.abc import Iterable
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from autotl.api import Columns, Part
from autotl.errors import DataError, UnknownName

_PARTS: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}


_LONGEST = 200  # letters of a name in a sentence


def as_path(source: object) -> Path | None:
    """``source`` as a path with ``~`` filled in, or None where it is something else."""
    if not isinstance(source, str | os.PathLike):
        return None
    text = os.fspath(source)
    if not isinstance(text, str) or not text or "\0" in text:
        return None
    try:
        return Path(text).expanduser()
    except RuntimeError:  # a `~name` nobody has: then it is the name of a file
        return Path(text)


def part_of(name: object) -> Part | None:
    """The part of a split that a folder, a column's value or a split's name stands for."""
    return _PARTS.get(name.strip().lower()) if isinstance(name, str) else None


def no_label(value: object) -> bool:
    """Whether a cell is empty: None, NaN, pandas' NA and NaT, or blank text."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Real):
        return math.isnan(float(value))
    return value is None or str(value) in ("<NA>", "NaT")


def label_text(value: Any) -> str:
    """A label as the class name it stands for; the same for 3, 3.0, "3" and NumPy's or torch's 3.

    Raises DataError for a missing label, and for what is no name and no whole number.
    """
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if no_label(value):
        raise DataError("A label is missing")
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value).strip()
    if isinstance(value, Integral):
        return str(value)
    if isinstance(value, Real) and float(value).is_integer():
        return str(int(float(value)))
    if isinstance(value, Real):
        raise DataError(
            f"A label is a name or a whole number, not {value}; if it names a class, give it as a string"
        )
    raise DataError(f"A label is one name or number, not {value!r}")


def label_texts(values: Iterable[object], *, places: Iterable[str]) -> list[str]:
    """The class names of many labels. Raises DataError that names the first places without one."""
    labels: list[str] = []
    missing: list[str] = []
    for place, value in zip(places, values, strict=True):
        if no_label(value):
            missing.append(place)
            continue
        try:
            labels.append(label_text(value))
        except DataError as error:
            raise DataError(f"{error} ({place}).") from error
    if missing:
        raise DataError(
            f"{len(missing)} of {len(missing) + len(labels)} labels are missing: {some(missing)}. "
            "Fill them in, or leave those images out."
        )
    return labels


def class_order(labels: Iterable[str]) -> tuple[str, ...]:
    """The distinct labels in the order of class ids: as numbers where all are such, else as strings."""
    names = set(labels)
    if all(re.fullmatch(r"-?[0-9]+", name) for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def some(names: Iterable[str], *, most: int = 5) -> str:
    """The first few names, and how many more there are."""
    listed = [each if len(each) <= _LONGEST else f"{each[:_LONGEST]}…" for each in names]
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more


def no_columns(columns: Columns, form: str) -> None:
    """Raise DataError where columns are named for a form of data that has none."""
    if given := [name for name in (columns.image, columns.label, columns.group) if name is not None]:
        raise DataError(
            f"Columns were named ({', '.join(map(repr, given))}), but {form} has none. "
            "Leave image=, label= and group= out, or give a table."
        )


def known_column(name: str, columns: Iterable[str]) -> str:
    """``name`` itself. Raises UnknownName where no such column is there."""
    known = list(columns)
    if name not in known:
        raise UnknownName("column", name, known)
    return name
