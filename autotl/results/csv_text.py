"""Write tables as CSV that a spreadsheet shows and does not run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
DIGITS = "%.6g"


def csv_text(table: pd.DataFrame, *, header: bool = True) -> str:
    """The table as CSV without its index, numbers to six digits.

    A text that a spreadsheet would take for a formula (it begins with ``=``, ``+``, ``-``, ``@``, a tab or a
    carriage return, and is no number) has an apostrophe before it, as a spreadsheet writes it itself.
    """
    import pandas as pd  # slow to import, and needed only where a table is made

    # as objects: pandas' own strings refuse names that are not UTF-8
    shown = pd.concat(
        [
            column
            if pd.api.types.is_numeric_dtype(column.dtype)
            else pd.Series([_harmless(each) for each in column], index=table.index, dtype=object)
            for _, column in table.items()
        ],
        axis=1,
    )
    shown.columns = pd.Index([_harmless(name) for name in table.columns], dtype=object)
    text: str = shown.to_csv(index=False, header=header, float_format=DIGITS)
    return text


def _harmless(value: object) -> object:
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def as_text(cell: str) -> str:
    """The text that :func:`csv_text` wrote as ``cell``: without the apostrophe before a formula."""
    return cell[1:] if cell.startswith("'") and _harmless(cell[1:]) == cell else cell
