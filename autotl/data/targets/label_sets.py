"""Read several labels of an image from a cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence, Set
from typing import Any, TypeGuard

import numpy as np

from autotl.data.image_files.array_images import is_array
from autotl.data.labels import is_blank, is_missing, label_text
from autotl.data.name_lists import join_names
from autotl.errors import DataError

SEPARATORS = "|;,"
"""The signs between the labels of a text, the most telling first."""
MIN_SETS = 3
"""Fewest different texts of several labels from which a separator is inferred."""
MIN_JOINED_SHARE = 0.1
"""Smallest share of texts with several labels from which a separator is inferred."""
MAX_SINGLE_SHARE = 0.5
"""Largest share of labels that a single image has; of more labels, a column is free text."""
MIN_FREE_TEXTS = 20
"""Labels below which a column is not called free text."""


def is_list(value: object) -> TypeGuard[Collection[Any]]:
    """Return whether a cell holds several values."""
    return isinstance(value, list | tuple | Set) or (is_array(value) and getattr(value, "ndim", 0) == 1)


def inferred_separator(texts: Sequence[str]) -> str | None:
    """Return the sign that surely separates labels, or None.

    Texts without one may be names. With it, there are several different texts of two labels or more, and
    fewer labels than texts: the labels are combined in many ways.
    """
    for sign in SEPARATORS:
        sets = [split_text(text, sign) for text in texts]
        joined = [each for each in sets if len(each) > 1]
        labels = {label for each in sets for label in each}
        distinct = {frozenset(each) for each in sets}
        different = {frozenset(each) for each in joined}
        if (
            len(different) >= MIN_SETS
            and len(joined) >= MIN_JOINED_SHARE * len(texts)
            and len(labels) < len(distinct)
        ):
            return sign
    return None


def holds_label_sets(values: Sequence[object]) -> bool:
    """Return whether the cells are surely lists or texts of several labels."""
    present = [value for value in values if is_list(value) or not is_missing(value)]
    if any(map(is_list, present)):
        return all(map(is_list, present))
    texts = [value for value in present if isinstance(value, str)]
    return len(texts) == len(present) and inferred_separator(texts) is not None


def usual_separator(texts: Sequence[str]) -> str:
    """Return the sign that most texts have, or the first one."""
    return max(SEPARATORS, key=lambda sign: sum(sign in text for text in texts))


def split_text(text: str, sign: str) -> tuple[str, ...]:
    """Return the different labels in a text, in their order."""
    return tuple(dict.fromkeys(label_text(part) for part in text.split(sign) if part.strip()))


def label_sets(values: Sequence[object], *, row_names: Sequence[str], column: str) -> list[tuple[str, ...]]:
    """Return the labels of each cell.

    A list holds one label in each value. A text is split at its separator. An empty list or text means that
    the image has no labels.

    Args:
        values: The cells.
        row_names: The name of each row, for errors.
        column: The name of the column, for errors.

    Raises:
        DataError: A list holds something else than labels, is missing, or the column is free text.
    """
    if any(map(is_list, values)):
        return [_of_list(value, row, column) for value, row in zip(values, row_names, strict=True)]
    texts = [
        "" if is_missing(value) else _text(value, row) for value, row in zip(values, row_names, strict=True)
    ]
    present = [text for text, value in zip(texts, values, strict=True) if not is_missing(value)]
    sign = inferred_separator(present) or usual_separator(present)
    found = [split_text(text, sign) for text in texts]
    check_repeating(found, column)
    return found


def check_repeating(found: Iterable[Sequence[str]], column: str) -> None:
    """Raise DataError if the labels hardly repeat, as in free text."""
    counts = Counter(label for labels in found for label in labels)
    single = [label for label, images in counts.items() if images == 1]
    if len(counts) >= MIN_FREE_TEXTS and len(single) > MAX_SINGLE_SHARE * len(counts):
        raise DataError(
            f"A column of labels must repeat them (got {len(single)} of {len(counts)} labels on a single "
            f"image in {column!r}, such as {join_names(map(repr, single), limit=2)}, as in free text). "
            "Name another column with label= (--label)."
        )


def hot_rows(values: Sequence[object]) -> list[list[bool]] | None:
    """Return equally long lists of 0 and 1 as booleans, or None.

    Lists that never hold a value twice may be numbers of labels.
    """
    rows = [list(value) for value in values if is_list(value)]
    widths = {len(row) for row in rows}
    if len(rows) < len(values) or len(widths) != 1 or widths <= {0, 1}:
        return None
    plain = [[_plain(each) for each in row] for row in rows]
    if not all(isinstance(each, int | float) and each in (0, 1) for row in plain for each in row):
        return None
    repeats = any(len(set(row)) < len(row) for row in plain)
    return [[bool(each) for each in row] for row in plain] if repeats else None


def _of_list(value: Any, row: str, column: str) -> tuple[str, ...]:
    """Return the labels of a list."""
    if not is_list(value):
        given = "nothing" if not isinstance(value, str) and is_blank(value) else repr(value)
        raise DataError(
            f"Each cell of {column!r} must be a list of labels, because others are (got {given} in {row}). "
            "Give [] for an image without labels."
        )
    labels = []
    for each in sorted(value, key=str) if isinstance(value, Set) else value:
        if is_list(each) or isinstance(each, dict):
            raise DataError(f"A label must be one name or whole number (got {each!r} in {row}). Correct it.")
        labels.append(_text(each, row))
    return tuple(dict.fromkeys(labels))


def _text(value: object, row: str) -> str:
    try:
        return label_text(value)
    except DataError as error:
        raise DataError(f"{error} ({row}).") from error


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
