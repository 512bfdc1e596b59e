"""What the readers of all forms agree on: how paths, labels and parts are written."""

from __future__ import annotations

import math
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from autotl.api import Columns
from autotl.errors import DataError, UnknownName

_MISSING = frozenset(
    {"null", "<null>", "(null)", "<na>", "#n/a", "#na", "#n/a n/a", "\\n", "<nan>", "#null!"}
    | {"#value!", "#ref!", "#name?", "#div/0!", "#num!"}
)
"""What databases and spreadsheets write for a missing value, in lower case."""
_NOT_A_NUMBER = frozenset({"nan", "NaN", "NAN", "-nan", "-NaN", "NaT"})
_DOUBTFUL = frozenset(
    {"na", "n/a", "n.a.", "none", "nil", "missing", "undefined", "unlabeled", "unlabelled", "-", "?"}
)
"""Words that may be a class and may stand for a missing label."""


_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,99})(\.0*)?")


_LONGEST = 200  # letters of a name in a sentence


def as_path(source: object) -> Path | None:
    """``source`` as a path with ``~`` filled in, or None where it is something else."""
    if not isinstance(source, str | os.PathLike):
        return None
    text = os.fspath(source)
    if not isinstance(text, str) or not text or "\0" in text:
        return None
    try:
        return Path(text).expanduser()
    except RuntimeError:  # a `~name` nobody has: then it is the name of a file
        return Path(text)


def no_label(value: object) -> bool:
    """Whether a cell is empty: None, NaN, pandas' NA and NaT, or blank text."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Real):
        return math.isnan(float(value))
    return value is None or str(value) in ("<NA>", "NaT")


def is_missing(value: object) -> bool:
    """Whether a cell of a table is empty, or holds what databases and spreadsheets write for that."""
    if not isinstance(value, str):
        return no_label(value)
    text = value.strip()
    return not text or text in _NOT_A_NUMBER or text.lower() in _MISSING


def doubtful(labels: Sequence[str]) -> tuple[str, ...]:
    """A note for each label, such as ``NA``, that is learned as a class and may mean that it is missing."""
    counts = Counter(label for label in labels if label.lower() in _DOUBTFUL)
    return tuple(
        f"{n} of {len(labels)} images have the label {label!r}, which is taken for a class. "
        "If it means that their label is missing, leave those images out."
        for label, n in sorted(counts.items())
    )


def label_text(value: Any) -> str:
    """A label as the class name it stands for; the same for 3, 3.0, "3" and NumPy's or torch's 3.

    Raises DataError for a missing label, and for what is no name and no whole number.
    """
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if no_label(value):
        raise DataError("A label is missing")
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value).strip()
    if isinstance(value, Integral):
        return str(value)
    if isinstance(value, Real) and float(value).is_integer():
        return str(int(float(value)))
    if isinstance(value, Real):
        raise DataError(
            f"A label is a name or a whole number, not {value}; if it names a class, give it as a string"
        )
    raise DataError(f"A label is one name or number, not {value!r}")


def label_texts(values: Iterable[object], *, places: Iterable[str]) -> list[str]:
    """The class names of the labels of a column, one for each.

    Whether the column holds numbers or text is decided by all of its values: text such as 1 and 1.0 is one
    number if the whole column holds whole numbers, and 007 stays text. Raises DataError that names the first
    places without a label.
    """
    labels: list[str] = []
    missing: list[str] = []
    for place, value in zip(places, values, strict=True):
        if is_missing(value):
            missing.append(place if no_label(value) else f"{place} ({value})")
            continue
        try:
            labels.append(label_text(value))
        except DataError as error:
            raise DataError(f"{error} ({place}).") from error
    if missing:
        raise DataError(
            f"{len(missing)} of {len(missing) + len(labels)} labels are missing: {some(missing)}. "
            "Fill them in, or leave those images out."
        )
    return _as_one_column(labels)


def group_texts(values: Iterable[object]) -> list[str | None]:
    """The names of the groups in a column, as those of labels; None for what is in no group."""
    each = [None if is_missing(value) else label_text(value) for value in values]
    texts = iter(_as_one_column([text for text in each if text is not None]))
    return [None if text is None else next(texts) for text in each]


def _as_one_column(texts: list[str]) -> list[str]:
    """The texts; whole numbers in one spelling if there is nothing else, and none is padded with zeros."""
    if not all(map(_WHOLE.fullmatch, texts)):
        return texts
    return [str(int(text.partition(".")[0])) for text in texts]


def class_order(labels: Iterable[str]) -> tuple[str, ...]:
    """The distinct labels in the order of class ids: as numbers where all are such, else as strings."""
    names = set(labels)
    if all(re.fullmatch(r"-?[0-9]{1,100}", name) for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def some(names: Iterable[str], *, most: int = 5) -> str:
    """The first few names, and how many more there are."""
    listed = [each if len(each) <= _LONGEST else f"{each[:_LONGEST]}…" for each in names]
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more


def counted(counts: Mapping[str, int], *, most: int = 5) -> str:
    """Names with their counts, the largest first."""
    return some(
        (f"{name} {n:,}" for name, n in sorted(counts.items(), key=lambda each: (-each[1], each[0]))),
        most=most,
    )


def no_columns(columns: Columns, form: str) -> None:
    """Raise DataError where columns are named for a form of data that has none."""
    if given := [name for name in (columns.image, columns.label, columns.group) if name is not None]:
        raise DataError(
            f"Columns were named ({', '.join(map(repr, given))}), but {form} has none. "
            "Leave image=, label= and group= out, or give a table."
        )


def known_column(name: str, columns: Iterable[str]) -> str:
    """``name`` itself. Raises UnknownName where no such column is there."""
    known = list(columns)
    if name not in known:
        raise UnknownName("column", name, known)
    return name
