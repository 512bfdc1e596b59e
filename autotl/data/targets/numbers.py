"""Read numbers from the cells of a column."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Sequence, Set
from numbers import Real
from typing import Any

import numpy as np

from autotl.data.labels import is_missing
from autotl.data.name_lists import join_names
from autotl.errors import DataError

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?inf(inity)?", re.IGNORECASE)
MIN_WHOLE_NUMBERS = 20
"""Fewest different whole numbers from which a regression is inferred, if most images have their own."""
_LARGEST = float(np.finfo(np.float32).max)
_PADDED = re.compile(r"[-+]?0\d.*")
"""A number with leading zeros, which is rather an identifier."""


def as_number(value: object) -> float | None:
    """Return a cell as a number; None if it is none.

    Texts of digits are numbers, unless they have leading zeros. Booleans are not.
    """
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, bool | np.bool_) or is_missing(value):
        return None
    if isinstance(value, Real):
        return float(value)
    text = value.strip() if isinstance(value, str) else ""
    return float(text) if _NUMBER.fullmatch(text) and not _PADDED.fullmatch(text) else None


def all_numbers(values: Iterable[object]) -> list[float] | None:
    """Return the present cells as numbers; None unless all are some."""
    found: list[float] = []
    for value in values:
        if is_missing(value):
            continue
        if (number := as_number(value)) is None:
            return None
        found.append(number)
    return found or None


def are_whole(numbers: Iterable[float]) -> bool:
    """Return whether all numbers are whole."""
    return all(number.is_integer() for number in numbers)


def are_measured(lists: Sequence[Collection[Any]]) -> bool:
    """Return whether equally long lists hold measured whole numbers.

    The coordinates of boxes and points are mostly distinct. Sets and lists of texts are read as labels.
    """
    cells = [each for value in lists for each in value]
    if len(lists[0]) < 2 or isinstance(lists[0], Set) or any(isinstance(each, str) for each in cells):
        return False
    return len(set(cells)) >= MIN_WHOLE_NUMBERS and len(set(map(tuple, lists))) > len(lists) / 2


def number_cells(values: Sequence[object], *, row_names: Sequence[str], column: str) -> list[float]:
    """Return the number of each cell.

    Args:
        values: The cells.
        row_names: The name of each row, for errors.
        column: The name of the column, for errors.

    Raises:
        DataError: A cell is missing, is no number, or is infinite.
    """
    missing = [row for row, value in zip(row_names, values, strict=True) if is_missing(value)]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(values)} numbers in {column!r} are missing: {join_names(missing)}. "
            "Fill them in, or remove these images."
        )
    found = []
    for row, value in zip(row_names, values, strict=True):
        number = as_number(value)
        if number is None:
            raise DataError(
                f"A number must be given as such (got {value!r} in {column!r}, {row}). Correct it."
            )
        if not math.isfinite(number) or abs(number) > _LARGEST:
            raise DataError(
                f"A number must be finite (got {number:g} in {column!r}, {row}). Correct it, or remove this "
                "image."
            )
        found.append(number)
    return found
