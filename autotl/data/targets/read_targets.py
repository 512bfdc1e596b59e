"""Infer the kind of target from columns, and read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotl.api import RawTarget, TargetKind, TargetSpec
from autotl.data.image_files.array_images import as_array, is_array
from autotl.data.labels import class_order, is_blank, is_missing, label_texts
from autotl.data.name_lists import join_names
from autotl.data.tabular.one_hot import boolean_texts, boolean_values, one_hot_labels
from autotl.data.targets.label_sets import hot_rows, inferred_separator, is_list, label_sets
from autotl.data.targets.numbers import MIN_WHOLE_NUMBERS, all_numbers, are_measured, are_whole, number_cells
from autotl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

MIN_NUMBERS = 5
"""Fewest different numbers from which a regression is inferred."""
MANY_IDS = 10
"""Different whole numbers above which a note says that they are used as classes."""
_MAX_LISTED = 10
_OTHER = {
    "multi_label": "If each is one class, give target='single' (--target single).",
    "regression": "If they name classes, give target='single' (--target single).",
}


@dataclass(frozen=True, slots=True)
class FoundTargets:
    """The target of each row.

    ``spec`` is None for classes. ``notes`` are sentences on what was inferred.
    """

    values: Sequence[RawTarget]
    spec: TargetSpec | None = None
    notes: tuple[str, ...] = ()


def read_targets(
    values: Sequence[object],
    *,
    row_names: Sequence[str],
    kind: TargetKind | None = None,
    column: str = "labels",
    named: bool = False,
) -> FoundTargets:
    """Return the target of each cell of one column or list.

    Args:
        values: The cells.
        row_names: The name of each row, for errors.
        kind: The kind of target; None to infer it.
        column: The name of the column.
        named: Whether the values are names of classes, so that nothing is inferred.

    Raises:
        DataError: The cells hold no such target.
    """
    note = ""
    if kind is None and not named:
        kind, note = _inferred(values, column)
    notes = (note,) if note else ()
    if kind == "regression":
        return _numbers(values, row_names, column, notes)
    if kind == "multi_label":
        return _label_sets(values, row_names, column, notes)
    return FoundTargets(label_texts(values, row_names=row_names), None, notes)


def read_labels(
    values: Sequence[Any], *, row_names: Sequence[str], kind: TargetKind | None = None
) -> FoundTargets:
    """Return the target of each image from a list or array.

    Rows of an array with several columns of numbers are labels or numbers, a column each.

    Args:
        values: The label of each image, or its row of an array.
        row_names: The name of each row, for errors.
        kind: The kind of target; None to infer it.

    Raises:
        DataError: The values hold no such target.
    """
    if values and all(is_array(value) and tuple(value.shape) == tuple(values[0].shape) for value in values):
        rows = [as_array(value).tolist() for value in values]
        if (
            isinstance(rows[0], list)
            and len(rows[0]) > 1
            and all_numbers(each for row in rows for each in row)
        ):
            return read_matrix(rows, kind=kind, row_names=row_names)
    return read_targets(values, row_names=row_names, kind=kind)


def read_target_columns(
    table: pd.DataFrame, columns: Sequence[str], *, row_names: Sequence[str], kind: TargetKind | None = None
) -> FoundTargets:
    """Return the target of each row from several columns.

    Columns of 0 and 1 are classes if each row has one 1, and else labels. Others must be numbers.

    Args:
        table: The cells.
        columns: The columns.
        row_names: The name of each row, for errors.
        kind: The kind of target; None to infer it.

    Raises:
        DataError: The columns hold neither labels nor numbers.
    """
    listed = join_names(columns, limit=_MAX_LISTED)
    flags = [boolean_values(table[name]) for name in columns]
    if kind != "regression" and None not in flags:
        rows = list(zip(*(each or [] for each in flags), strict=True))
        single = all(sum(row) == 1 for row in rows)
        if kind == "single_label" or (kind is None and single):
            _check_one_hot([sum(row) for row in rows], columns)
            note = f"Used each of the columns {listed} for a class: every row has one 1 in them."
            return FoundTargets(one_hot_labels(table, columns), None, (note,))
        note = (
            f"Used each of the columns {listed} for a label: an image can have several labels, or none. "
            f"To learn a single column, name it with label= (--label)."
        )
        return _multi_hot(rows, columns, () if kind else (note,))
    numeric = all(all_numbers(table[name]) is not None for name in columns)
    if kind in (None, "regression") and (numeric or kind):
        cells = [number_cells(list(table[name]), row_names=row_names, column=name) for name in columns]
        note = f"Used the columns {listed} as numbers to predict (regression)."
        spec = TargetSpec("regression", tuple(columns))
        return FoundTargets(list(zip(*cells, strict=True)), spec, () if kind else (note,))
    wrong = next(name for name, each in zip(columns, flags, strict=True) if each is None)
    raise DataError(
        f"Several label columns must hold 0 and 1 each, or numbers (got other values in {wrong!r}). Name one "
        "column, or columns of one of these kinds."
    )


def read_matrix(
    rows: Sequence[Sequence[Any]], *, kind: TargetKind | None, row_names: Sequence[str]
) -> FoundTargets:
    """Return the target of each row of an array with several columns.

    Args:
        rows: The values by row.
        kind: The kind of target; None to infer it.
        row_names: The name of each row, for errors.

    Raises:
        DataError: Each row has one 1, so that it may be a class; or the rows are of another kind.
    """
    if isinstance(rows[0][0], list):
        raise DataError(
            "labels must have a row for each image (got an array of more dimensions). Flatten it."
        )
    columns = [str(number) for number in range(len(rows[0]))]
    hot = all(each in (0, 1) for row in rows for each in row)
    if kind == "single_label" or (kind is None and hot and all(sum(row) == 1 for row in rows)):
        raise DataError(
            f"labels must hold one name or number per image (got the shape {(len(rows), len(columns))}). If "
            "there is a column per class, give labels.argmax(1). For several labels of an image, give "
            "target='multi'."
        )
    if hot and kind != "regression":
        note = f"Used the {len(columns)} columns of 0 and 1 for labels: an image can have several, or none."
        return _multi_hot(rows, columns, () if kind else (note,))
    if kind == "multi_label":
        raise DataError("labels must hold 0 and 1, a column for each label (got other values). Correct them.")
    cells = [
        number_cells([row[place] for row in rows], row_names=row_names, column=name)
        for place, name in enumerate(columns)
    ]
    note = f"Used the {len(columns)} columns of labels as numbers to predict (regression)."
    values = list(zip(*cells, strict=True))
    return FoundTargets(values, TargetSpec("regression", tuple(columns)), () if kind else (note,))


def _inferred(values: Sequence[object], column: str) -> tuple[TargetKind, str]:
    """Return the kind of target in a column, and the note on it."""
    lists = [value for value in values if is_list(value)]
    present = [value for value in values if is_list(value) or not is_missing(value)]
    if lists and len(lists) == len(present):
        return _inferred_of_lists(lists, column)
    texts = [value for value in present if isinstance(value, str)]
    if texts and len(texts) == len(present) and (sign := inferred_separator(texts)) is not None:
        note = f"Several labels of an image are separated by {sign!r} in the column {column!r}."
        return "multi_label", f"{note} {_OTHER['multi_label']}"
    numbers = all_numbers(present)
    if numbers is None:
        return "single_label", ""
    return _inferred_of_numbers(numbers, column, as_text=bool(texts))


def _inferred_of_lists(lists: Sequence[Any], column: str) -> tuple[TargetKind, str]:
    """Return the kind of target in a column of lists."""
    numbers = all_numbers(each for value in lists for each in value)
    same = len({len(value) for value in lists}) == 1
    note = f"The lists in {column!r} hold numbers to predict (regression)."
    if numbers is not None and same and not are_whole(numbers):
        return "regression", note
    if numbers is not None and same and are_measured(lists):
        return "regression", f"{note} If they name labels, give target='multi' (--target multi)."
    if all(len(value) == 1 for value in lists):
        return "single_label", ""  # one label each, which may be a class in a list by mistake: refused
    return "multi_label", f"The lists in {column!r} hold the labels of an image, several or none."


def _inferred_of_numbers(numbers: Sequence[float], column: str, *, as_text: bool) -> tuple[TargetKind, str]:
    """Return the kind of target in a column of numbers.

    Args:
        numbers: The numbers.
        column: The name of the column.
        as_text: Whether they are written as text, which may name classes.
    """
    distinct = len(set(numbers))
    as_numbers = f"The values of {column!r} are used as numbers to predict (regression)."
    instead = "To predict them as numbers, give target='number' (--target number)."
    if not are_whole(numbers):
        if distinct >= MIN_NUMBERS:
            return "regression", f"{as_numbers} {_OTHER['regression']}"
        return (
            "single_label",
            f"The {distinct} values of {column!r} are used as classes. {instead}" if as_text else "",
        )
    if distinct >= MIN_WHOLE_NUMBERS and distinct > len(numbers) / 2:
        return "regression", f"{as_numbers} {_OTHER['regression']}"
    if distinct > MANY_IDS:
        return "single_label", f"The {distinct} whole numbers in {column!r} are used as classes. {instead}"
    return "single_label", ""


def _numbers(
    values: Sequence[object], row_names: Sequence[str], column: str, notes: tuple[str, ...]
) -> FoundTargets:
    """Return one number of each row, or a list of numbers."""
    if not any(map(is_list, values)):
        cells = number_cells(values, row_names=row_names, column=column)
        return FoundTargets([(each,) for each in cells], TargetSpec("regression", (column,)), notes)
    rows: list[tuple[float, ...]] = []
    width = next(len(list(value)) for value in values if is_list(value))
    for value, row in zip(values, row_names, strict=True):
        each = list(value) if is_list(value) else []
        if len(each) != width or not width:
            raise DataError(
                f"Each list in {column!r} must hold {max(width, 1)} numbers (got {value!r} in {row}). "
                "Correct it."
            )
        rows.append(tuple(number_cells(each, row_names=[row] * width, column=column)))
    names = tuple(f"{column} {number}" for number in range(width)) if width > 1 else (column,)
    return FoundTargets(rows, TargetSpec("regression", names), notes)


def _label_sets(
    values: Sequence[object], row_names: Sequence[str], column: str, notes: tuple[str, ...]
) -> FoundTargets:
    """Return the labels of each row, with a note on empty cells."""
    if (flags := boolean_texts(map(str, values))) is not None:
        return _multi_hot([[flag] for flag in flags], [column], notes)
    if (rows := hot_rows(values)) is not None:
        return _multi_hot(rows, [str(number) for number in range(len(rows[0]))], notes)
    found = label_sets(values, row_names=row_names, column=column)
    if empty := sum(not is_list(value) and is_blank(value) for value in values):
        notes = (
            *notes,
            f"{empty} of {len(values)} images have an empty cell in {column!r}: they have no label.",
        )
    names = class_order(label for labels in found for label in labels)
    return FoundTargets(found, TargetSpec("multi_label", names), notes)


def _multi_hot(rows: Sequence[Sequence[Any]], columns: Sequence[str], notes: tuple[str, ...]) -> FoundTargets:
    """Return the names of the columns with a 1, by row."""
    found = [tuple(name for name, one in zip(columns, row, strict=True) if one) for row in rows]
    return FoundTargets(found, TargetSpec("multi_label", tuple(columns)), notes)


def _check_one_hot(ones: Sequence[int], columns: Sequence[str]) -> None:
    """Raise DataError unless each row has exactly one 1."""
    wrong = [f"row {row}" for row, n in enumerate(ones, start=1) if n != 1]
    if wrong:
        raise DataError(
            f"Each row must have exactly one 1 in the class columns {join_names(columns)} (got another "
            f"number in {len(wrong)} of {len(ones)} rows: {join_names(wrong, limit=3)}). Remove these rows, "
            "name the one column to learn with label= (--label), or give target='multi' (--target multi)."
        )
