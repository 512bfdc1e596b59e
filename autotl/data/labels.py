"""Normalise class labels and groups, and order the classes."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

from autotl.data.name_lists import join_names
from autotl.errors import DataError

_MISSING_WORDS = frozenset(
    {"null", "<null>", "(null)", "<na>", "#n/a", "#na", "#n/a n/a", "\\n", "<nan>", "#null!"}
    | {"#nv", "#n/d", "(blank)", "<unset>"}
)
"""Spellings of a missing value in databases and spreadsheets, in lower case."""
_SHEET_ERROR = re.compile(r"#[^\W_][\w/]*[!?]")
"""An error of a spreadsheet in any language, such as ``#REF!``, ``#NAME?``, ``#DIV/0!`` and ``#BEZUG!``."""
_NAN_WORDS = frozenset({"nan", "NaN", "NAN", "-nan", "-NaN", "NaT"})
_PLACEHOLDERS = frozenset(
    {"na", "n/a", "n.a.", "n\\a", "none", "nil", "missing", "undefined", "unlabeled", "unlabelled", "unknown"}
    | {"tbd", "todo", "unset", "not labeled", "not labelled", "no label", "[]", "{}", "()"}
)
"""Words that may name a class or stand for a missing label."""
_PLACEHOLDER_SIGNS = re.compile(r"[-–—_.?*]+")
_LABEL_SEPARATOR = re.compile(r"[|;,]")
_INVISIBLE = "\u200b\u2060\ufeff"
"""Characters without width, which some editors write at the ends of a text."""
_WHOLE_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,99})(\.0*)?")


def is_blank(value: object) -> bool:
    """Return whether a cell is None, NaN, NA, NaT or blank."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Real):
        return math.isnan(float(value))
    return value is None or str(value) in ("<NA>", "NaT", "--")  # NumPy shows a masked value as --


def is_missing(value: object) -> bool:
    """Return whether a cell is blank or a word like ``NULL``."""
    if not isinstance(value, str):
        return is_blank(value)
    text = _strip(value)
    is_word = text in _NAN_WORDS or text.lower() in _MISSING_WORDS
    return not text or is_word or bool(_SHEET_ERROR.fullmatch(text))


def placeholder_label_notes(labels: Sequence[str]) -> tuple[str, ...]:
    """Return notes on classes, such as ``NA``, that may mean missing.

    Classes such as ``cat|dog`` are noted too if both parts are classes: they may be several labels.
    """
    counts = Counter(labels)
    minus_one = {"-1"} if {"-1", "0"} <= counts.keys() else set()
    notes = [
        f"{n} of {len(labels)} images have the label {label!r}, which is used as a class. "
        "If it means that the label is missing, remove these images."
        for label, n in sorted(counts.items())
        if label.lower() in _PLACEHOLDERS or _PLACEHOLDER_SIGNS.fullmatch(label) or label in minus_one
    ]
    joined = [
        label
        for label in sorted(counts)
        if _LABEL_SEPARATOR.search(label) and _separated(label) <= counts.keys()
    ]
    if joined:
        notes.append(
            f"Labels such as {join_names(map(repr, joined), limit=3)} look like several labels of one image. "
            "Each is used as a separate class. If they are several labels, give target='multi' (--target "
            "multi)."
        )
    return tuple(notes)


def similar_class_notes(classes: Iterable[str]) -> tuple[str, ...]:
    """Return a note on class names that are easily confused.

    Their only differences are case, spaces or leading zeros.
    """
    similar: dict[str, list[str]] = defaultdict(list)
    for name in classes:
        folded = re.sub(rf"[\s_{_INVISIBLE}]+", "", unicodedata.normalize("NFKC", name)).casefold()
        similar[re.sub(r"^([-+]?)0+(?=\d+$)", r"\1", folded)].append(name)
    groups = [" and ".join(map(repr, names)) for names in similar.values() if len(names) > 1]
    if not groups:
        return ()
    return (
        "The names of some classes differ only in case, spaces or leading zeros: "
        f"{join_names(groups, limit=3)}. Each is a separate class. "
        "If they are one class, give all its images the same name.",
    )


def label_text(value: Any) -> str:
    """Return the class name of a label.

    The labels 3, 3.0, "3" and a NumPy or torch scalar 3 have the same name.

    Raises:
        DataError: The label is missing, or is neither a name nor a whole number.
    """
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if is_blank(value):
        raise DataError("A label must not be missing")
    if isinstance(value, str):
        return _strip(unicodedata.normalize("NFC", value))
    if isinstance(value, Integral):
        return str(value)
    if isinstance(value, Real) and float(value).is_integer():
        return str(int(float(value)))
    if isinstance(value, Real):
        raise DataError(
            f"A label must be a name or a whole number (got {value}). If it names a class, give it as text"
        )
    raise DataError(f"A label must be one name or whole number (got {value!r})")


def label_texts(values: Iterable[object], *, row_names: Iterable[str]) -> list[str]:
    """Return the class name of each label in a column.

    All values decide together whether the column holds numbers or text. If all are whole numbers, the texts
    1 and 1.0 are the same class. Zero-padded numbers such as 007 stay text.

    Args:
        values: The labels.
        row_names: The name of each row, for errors.

    Raises:
        DataError: Labels are missing, or are neither names nor whole numbers.
    """
    labels: list[str] = []
    missing: list[str] = []
    for row_name, value in zip(row_names, values, strict=True):
        if is_missing(value):
            missing.append(row_name if is_blank(value) else f"{row_name} ({value})")
            continue
        try:
            labels.append(label_text(value))
        except DataError as error:
            raise DataError(f"{error} ({row_name}).") from error
    if missing:
        raise DataError(
            f"{len(missing)} of {len(missing) + len(labels)} labels are missing: {join_names(missing)}. "
            "Fill them in, or remove these images."
        )
    return _unify_numbers(labels)


def group_texts(values: Iterable[object]) -> list[str | None]:
    """Return the group name of each row, None without group."""
    each = [None if is_missing(value) else label_text(value) for value in values]
    texts = iter(_unify_numbers([text for text in each if text is not None]))
    return [None if text is None else next(texts) for text in each]


def class_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct labels in the order of their class indices.

    The order is numeric if all labels are whole numbers, else alphabetic.
    """
    names = set(labels)
    if all(re.fullmatch(r"-?[0-9]{1,100}", name) for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def _strip(text: str) -> str:
    """Remove spaces and invisible characters from both ends."""
    return text.strip().strip(_INVISIBLE).strip()


def _separated(label: str) -> set[str]:
    return {part.strip() for part in _LABEL_SEPARATOR.split(label)}


def _unify_numbers(texts: list[str]) -> list[str]:
    """Give whole numbers one spelling if there are only such."""
    if not all(map(_WHOLE_NUMBER.fullmatch, texts)):
        return texts
    return [str(int(text.partition(".")[0])) for text in texts]
