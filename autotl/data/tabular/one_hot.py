"""Read labels from a table with one column of 0 and 1 for each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autotl.data.conventions import some
from autotl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_ONES = frozenset({"1", "1.0", "true"})
_ZEROS = frozenset({"0", "0.0", "false"})
_PROBES = 50


def flags_of(column: pd.Series) -> list[bool] | None:
    """The cells as truth values if all of them are 0 or 1, true or false; else None."""
    known = _ONES | _ZEROS
    for first in (column.head(_PROBES), column):  # tables may have many long columns of other things
        texts = [str(value).strip().lower() for value in first]
        if not known.issuperset(texts):
            return None
    return [text in _ONES for text in texts]


def class_columns(table: pd.DataFrame, names: Sequence[str], *, others: bool) -> tuple[str, ...]:
    """The columns that stand for a class each: in every row one of them is 1 and the rest are 0.

    Args:
        table: The cells.
        names: The columns that may stand for classes; those of other values than 0 and 1 are passed over.
        others: Whether further columns could be the labels. Two columns of 0 and 1 are then no evidence.

    Returns:
        The columns; none if the table has no such columns.

    Raises:
        DataError: Columns of 0 and 1 are all there is, and some rows have several ones or none.
    """
    flags = {name: each for name in names if (each := flags_of(table[name])) is not None}
    if len(flags) < 2 or (others and len(flags) < 3):
        return ()
    ones = [sum(row) for row in zip(*flags.values(), strict=True)]
    if all(n == 1 for n in ones):
        return tuple(flags)
    if others or max(ones) < 2 or sum(n == 1 for n in ones) < len(ones) / 4:
        return ()
    several = [f"row {row}" for row, n in enumerate(ones, start=1) if n != 1]
    raise DataError(
        f"The columns {some(flags)} look like one column for each class, but {len(several)} of {len(ones)} "
        f"rows do not have exactly one 1 ({some(several, most=3)}). Several labels for an image are "
        "not supported. "
        "Take these rows out, or name the one column to learn with label= (--label)."
    )


def labels_from(table: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """The name of the column that holds the 1 of each row."""
    flags = {name: flags_of(table[name]) or [] for name in columns}
    return [next(name for name, each in flags.items() if each[row]) for row in range(len(table))]
