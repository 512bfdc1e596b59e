"""Find the columns of a table that hold texts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from autotl.data.labels import is_missing

if TYPE_CHECKING:
    import pandas as pd

MIN_WORDS = 3
"""Words from which a cell is a text and no name."""
_PROBED_ROWS = 1000


def text_columns(table: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """Return the columns of mostly different texts of three or more words.

    Args:
        table: The cells.
        names: The columns to look at.
    """
    return [name for name in names if _holds_texts(list(table[name].head(_PROBED_ROWS)))]


def _holds_texts(values: list[object]) -> bool:
    texts = [value for value in values if isinstance(value, str) and not is_missing(value)]
    long = [text for text in texts if len(text.split()) >= MIN_WORDS]
    return len(long) > len(values) / 2 and len(set(texts)) > len(texts) / 2
