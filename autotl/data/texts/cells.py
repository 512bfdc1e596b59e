"""Open the texts that the cells of a column hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from autotl.data.labels import is_missing
from autotl.errors import DataError


def cell_opener(cell: object) -> Callable[[], str]:
    """Return a function that returns the text of a cell.

    The text of a missing cell is "". The function raises DataError if it is no text or number,
    or holds zero bytes.
    """
    return partial(_text_in, cell)


def _text_in(cell: object) -> str:
    if isinstance(cell, str):
        if "\0" in cell:
            raise DataError("it holds zero bytes, and so is no text")
        return cell
    if is_missing(cell):
        return ""
    if isinstance(cell, int | float):
        return str(cell)
    raise DataError(f"a {type(cell).__name__} is no text")
