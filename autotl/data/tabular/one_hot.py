"""Read labels from one column of 0 and 1 per class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from autotl.data.labels import is_missing

if TYPE_CHECKING:
    import pandas as pd

_TRUE_TEXTS = frozenset({"1", "1.0", "true"})
_FALSE_TEXTS = frozenset({"0", "0.0", "false"})
_YES_TEXTS = _TRUE_TEXTS | {"yes", "y", "t", "x"}
_NO_TEXTS = _FALSE_TEXTS | {"no", "n", "f"}
_PROBED_ROWS = 50


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


def boolean_texts(cells: Iterable[str]) -> list[bool] | None:
    """Return texts such as ``1`` as booleans, or None for others."""
    texts = [text.strip().lower() for text in cells]
    return [text in _TRUE_TEXTS for text in texts] if {*texts} <= _TRUE_TEXTS | _FALSE_TEXTS else None


def hot_columns(table: pd.DataFrame, names: Sequence[str], *, others: bool) -> tuple[str, ...]:
    """Return the columns of 0 and 1, a class or label each.

    Args:
        table: The cells.
        names: The columns that may stand for classes. Columns with values other than 0 and 1 are skipped.
        others: Whether other columns could hold the labels. Two columns of 0 and 1 are then no evidence, and
            nor are rows without exactly one 1.

    Returns:
        The columns; empty if there are none.
    """
    flags = {name: each for name in names if (each := boolean_values(table[name])) is not None}
    if len(flags) < 2 or (others and len(flags) < 3):
        return ()
    one = all(sum(row) == 1 for row in zip(*flags.values(), strict=True))
    return tuple(flags) if one or not others else ()


def one_hot_labels(table: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return the name of each row's column with the 1."""
    flags = {name: boolean_values(table[name]) or [] for name in columns}
    return [next(name for name, each in flags.items() if each[row]) for row in range(len(table))]
