"""Read the part of each row from the columns of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotl.api import Part
from autotl.data.labels import is_missing
from autotl.data.layout.part_names import is_unlabelled_name, parse_name, part_of
from autotl.data.name_lists import join_names
from autotl.data.tabular.one_hot import boolean_values, yes_no_values
from autotl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_PART_COLUMNS = frozenset(
    {"split", "splits", "part", "partition", "subset", "set", "fold", "folds", "kfold", "phase", "usage"}
    | {"dataset_type", "data_type", "data_split", "dataset_split", "train_test_split", "train_val_test"}
)
_QUESTION_WORDS = frozenset({"is", "in", "for", "use", "used", "as"})
"""Words beside the name of a part in a column of booleans, such as ``is_valid``."""
_MAX_LISTED_WORDS = 9

Flags = Mapping[str, tuple[Part, list[bool]]]
"""The part and the booleans of each column such as ``is_valid``."""


@dataclass(frozen=True, slots=True)
class PartColumns:
    """The columns about parts.

    Attributes:
        columns: Their names.
        parts: The part of each row; None if no column states it.
        notes: Notes for the user.
    """

    columns: tuple[str, ...]
    parts: tuple[Part | None, ...] | None
    notes: tuple[str, ...]


def part_columns(table: pd.DataFrame, names: Sequence[str]) -> PartColumns:
    """Read the part of each row.

    A column of part names states it, or boolean columns such as ``is_valid``.

    Args:
        table: The cells.
        names: The columns that may state parts.

    Raises:
        DataError: Several columns state parts, a column mixes part names with other values, or a row is in
            two parts.
    """
    named = [name for name in names if name.strip().lower().replace(" ", "_") in _PART_COLUMNS]
    stating = [name for name in names if _states_parts(table[name], minimum=1 if name in named else 2)]
    unclear = [name for name in names if name.strip().lower() == "valid" and boolean_values(table[name])]
    asked = {name: part for name in names if name not in (*stating, *unclear) and (part := _asked_part(name))}
    flags = _boolean_part_columns(table, asked)
    unknown = [name for name in asked if name not in flags and _is_question(name)]
    if len(stating) > 1 or (stating and flags):
        several = [*stating, *flags]
        raise DataError(
            f"A single column must state the part: {len(several)} columns are possible "
            f"({', '.join(several)}). Remove all but one from the table."
        )
    columns = (*dict.fromkeys((*named, *stating, *flags, *unclear, *unknown)),)
    notes = [
        f"Ignored the column {name!r}: if it marks the validation part, call it is_valid." for name in unclear
    ]
    notes += [
        f"Ignored the column {name!r}: it holds values other than yes and no. The split is made without it."
        for name in unknown
    ]
    if stating:
        (column,) = stating
        values = [None if is_missing(value) else value for value in table[column]]
        kept = f"The split in the column {column!r} is kept{_translations(values)}."
        ignored = _ignored_notes(name for name in named if name != column)
        return PartColumns(columns, tuple(map(part_of, values)), (kept, *ignored, *notes))
    for name in named:
        _check_values(table[name], name)
    if flags:
        kept = f"The split in the column {join_names(map(repr, flags))} is kept."
        return PartColumns(columns, _parts_of_flags(flags), (kept, *_ignored_notes(named), *notes))
    return PartColumns(columns, None, (*_ignored_notes(named), *notes))


def _states_parts(column: pd.Series, *, minimum: int) -> bool:
    """Return whether all cells name parts, ``train`` among them."""
    present = [value for value in column if not is_missing(value)]
    if not all(isinstance(value, str) for value in present):
        return False
    parts = {part_of(value) for value in set(present)}
    return "train" in parts and None not in parts and len(parts) >= minimum


def _boolean_part_columns(table: pd.DataFrame, asked: Mapping[str, Part]) -> Flags:
    """Return the columns that answer whether a row is in a part."""
    flags = {}
    for name, part in asked.items():
        values = yes_no_values(table[name]) if _is_question(name) else boolean_values(table[name])
        if values is not None:
            flags[name] = part, values
    return flags


def _asked_part(name: str) -> Part | None:
    """Return the part that the name of a boolean column asks for."""
    parsed = parse_name(name)
    return parsed.part if _QUESTION_WORDS.issuperset(parsed.rest) else None


def _is_question(name: str) -> bool:
    """Return whether a name is like ``is_test``, not just ``test``."""
    return bool(parse_name(name).rest)


def _check_values(column: pd.Series, name: str) -> None:
    """Refuse a column in which only some cells name parts."""
    values = [str(value) for value in column if not is_missing(value)]
    parts = {part for value in values if (part := part_of(value))}
    others = [value for value in values if not part_of(value)]
    if "train" not in parts or not others:
        return
    unlabelled = " They seem to have no labels." if all(map(is_unlabelled_name, others)) else ""
    raise DataError(
        f"The column {name!r} must hold only names of parts (got other values in {len(others)} rows: "
        f"{join_names(sorted(set(others)))}).{unlabelled} Write train, val or test there, or remove these "
        "rows."
    )


def _parts_of_flags(flags: Flags) -> tuple[Part | None, ...]:
    """Return the part of each row from boolean columns."""
    asked = [part for part, _ in flags.values()]
    rest: Part | None = "train" if "train" not in asked else "test" if asked == ["train"] else None
    parts: list[Part | None] = []
    for number, row in enumerate(zip(*(values for _, values in flags.values()), strict=True), start=1):
        true_parts = {part for part, flag in zip(asked, row, strict=True) if flag}
        if len(true_parts) > 1:
            raise DataError(
                f"A row must be in one part (got {' and '.join(sorted(true_parts))} for row {number} in the "
                f"columns {join_names(flags)}). Correct the table."
            )
        parts.append(next(iter(true_parts), rest))
    return tuple(parts)


def _translations(values: Sequence[object]) -> str:
    """Return which part each value means, unless obvious."""
    words = sorted({str(value).strip() for value in values if value is not None})
    if all(word.lower() == part_of(word) for word in words):
        return ""
    return ": " + join_names([f"{word} is {part_of(word)}" for word in words], limit=_MAX_LISTED_WORDS)


def _ignored_notes(names: Iterable[str]) -> list[str]:
    names = list(names)
    if not names:
        return []
    return [
        f"Ignored the column {join_names(names)}: it holds values other than train, val and test. "
        "The split is made without it."
    ]
