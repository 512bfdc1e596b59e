"""Write tables as CSV in which spreadsheets run no formulas."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from autotl.api import TargetSpec

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
DIGITS = 6
"""Significant digits of scores and probabilities."""
NUMBER_DIGITS = 9
"""Significant digits of users' numbers, which a float32 keeps."""


def csv_text(table: pd.DataFrame, *, header: bool = True, digits: int = DIGITS) -> str:
    """Return the table as CSV without index.

    A spreadsheet reads text as a formula if it begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage
    return. Such text, unless it is a number, gets a leading apostrophe, as spreadsheets themselves write.

    Args:
        table: The table.
        header: Whether the first row has the names of the columns.
        digits: Significant digits of numbers that are not whole.
    """
    import pandas as pd  # slow to import, and only tables need it

    # as objects, because pandas' strings reject names that are not UTF-8
    shown = pd.concat(
        [
            column
            if pd.api.types.is_numeric_dtype(column.dtype)
            else pd.Series([_escape_formula(each) for each in column], index=table.index, dtype=object)
            for _, column in table.items()
        ],
        axis=1,
        ignore_index=True,
    )
    shown.columns = pd.Index([_escape_formula(name) for name in table.columns], dtype=object)
    format_ = f"%.{digits}g"
    text: str = shown.to_csv(index=False, header=header, float_format=format_)
    if "\r" in text:  # ends a row for many readers, unless the cell is quoted
        text = shown.to_csv(index=False, header=header, float_format=format_, quoting=csv.QUOTE_ALL)
    return text


def digits_of(target: TargetSpec) -> int:
    """Return the significant digits of a table of targets."""
    return NUMBER_DIGITS if target.kind == "regression" else DIGITS


def join_columns(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Join the columns of two tables, whose names may hold any bytes.

    ``pandas.concat`` alone rejects names that are not UTF-8.
    """
    import pandas as pd

    joined = pd.concat([left, right], axis=1, ignore_index=True)
    joined.columns = pd.Index([*left.columns, *right.columns], dtype=object)
    return joined


def _escape_formula(value: object) -> object:
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def original_text(cell: str) -> str:
    """Return a cell's text without the apostrophe of :func:`csv_text`."""
    return cell[1:] if cell.startswith("'") and _escape_formula(cell[1:]) == cell else cell
