"""Read labels from one column of 0 and 1 per class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autotl.data.labels import is_missing
from autotl.data.name_lists import join_names
from autotl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_TRUE_TEXTS = frozenset({"1", "1.0", "true"})
_FALSE_TEXTS = frozenset({"0", "0.0", "false"})
_YES_TEXTS = _TRUE_TEXTS | {"yes", "y", "t", "x"}
_NO_TEXTS = _FALSE_TEXTS | {"no", "n", "f"}
_PROBED_ROWS = 50
_MIN_ONE_HOT_SHARE = 1 / 4
"""Share of rows with exactly one 1 from which 0/1 columns are taken for classes."""


def boolean_values(column: pd.Series) -> list[bool] | None:
    """Return the cells as booleans, or None for other values."""
    return _booleans(column, _TRUE_TEXTS, _FALSE_TEXTS)


def yes_no_values(column: pd.Series) -> list[bool] | None:
    """Return answers such as yes and no as booleans.

    An empty cell is no, if all other cells are yes.

    Args:
        column: The cells.

    Returns:
        The booleans, or None if the column holds other values.
    """
    answers = _booleans(column, _YES_TEXTS, _NO_TEXTS)
    missing = column.map(is_missing)
    if answers is None and missing.any():
        answers = _booleans(column.astype(object).where(~missing, "0"), _YES_TEXTS, frozenset({"0"}))
    return answers


def _booleans(
    column: pd.Series, true_texts: frozenset[str], false_texts: frozenset[str]
) -> list[bool] | None:
    """Return the cells as booleans, or None for other texts."""
    known = true_texts | false_texts
    for cells in (column.head(_PROBED_ROWS), column):  # a table may have many long columns of other values
        texts = [str(value).strip().lower() for value in cells]
        if not known.issuperset(texts):
            return None
    return [text in true_texts for text in texts]


def one_hot_columns(table: pd.DataFrame, names: Sequence[str], *, others: bool) -> tuple[str, ...]:
    """Return the columns that stand for one class each.

    Every row has one 1 in them.

    Args:
        table: The cells.
        names: The columns that may stand for classes. Columns with values other than 0 and 1 are skipped.
        others: Whether other columns could hold the labels. Two columns of 0 and 1 are then no evidence.

    Returns:
        The columns; empty if there are none.

    Raises:
        DataError: There are only columns of 0 and 1, and some rows do not have exactly one 1.
    """
    flags = {name: each for name in names if (each := boolean_values(table[name])) is not None}
    if len(flags) < 2 or (others and len(flags) < 3):
        return ()
    ones = [sum(row) for row in zip(*flags.values(), strict=True)]
    if all(n == 1 for n in ones):
        return tuple(flags)
    if others or max(ones) < 2 or sum(n == 1 for n in ones) < _MIN_ONE_HOT_SHARE * len(ones):
        return ()
    wrong = [f"row {row}" for row, n in enumerate(ones, start=1) if n != 1]
    raise DataError(
        f"Each row must have exactly one 1 in the class columns {join_names(flags)} (got another number in "
        f"{len(wrong)} of {len(ones)} rows: {join_names(wrong, limit=3)}). Several labels for an image are "
        "not supported. Remove these rows, or name the one column to learn with label= (--label)."
    )


def one_hot_labels(table: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return the name of each row's column with the 1."""
    flags = {name: boolean_values(table[name]) or [] for name in columns}
    return [next(name for name, each in flags.items() if each[row]) for row in range(len(table))]
