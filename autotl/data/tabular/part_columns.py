"""Find the columns of a table that say which part of a split a row belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotl.api import Part
from autotl.data.conventions import is_missing, some
from autotl.data.layout.parts import is_unlabelled, part_of, wording
from autotl.data.tabular.one_hot import flags_of
from autotl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_NAMES = frozenset(
    {"split", "splits", "part", "partition", "subset", "set", "fold", "folds", "kfold", "phase", "usage"}
    | {"dataset_type", "data_type", "data_split", "dataset_split", "train_test_split", "train_val_test"}
)
_BESIDE = frozenset({"is", "in", "for", "use", "used", "as"})
"""Words that make a question of the name of a part: ``is_valid``."""


@dataclass(frozen=True, slots=True)
class PartColumns:
    """The columns about parts, the part of each row (None if no column says it) and what to tell of them."""

    columns: tuple[str, ...]
    parts: tuple[Part | None, ...] | None
    notes: tuple[str, ...]


def part_columns(table: pd.DataFrame, names: Sequence[str]) -> PartColumns:
    """Read the parts from a column of their names, or from columns such as ``is_valid`` of 0 and 1.

    Raises DataError if several columns say it, if a column holds names of parts and others, or if a row is in
    two parts.
    """
    named = [name for name in names if name.strip().lower().replace(" ", "_") in _NAMES]
    told = [name for name in names if _tells_parts(table[name], least=1 if name in named else 2)]
    unclear = [name for name in names if name.strip().lower() == "valid" and flags_of(table[name])]
    flags = {
        name: (part, each)
        for name in names
        if name not in (*told, *unclear)
        and (part := _asked_of(name))
        and (each := flags_of(table[name])) is not None
    }
    if len(told) > 1 or (told and flags):
        several = [*told, *flags]
        raise DataError(
            f"Which column is the part? {len(several)} columns could be it ({', '.join(several)}). "
            "Leave all but one out of the table."
        )
    columns = (*dict.fromkeys((*named, *told, *flags, *unclear)),)
    notes = [
        f"Ignored the column {name!r}: if it marks the validation part, call it is_valid." for name in unclear
    ]
    if told:
        values = [None if is_missing(value) else value for value in table[told[0]]]
        ignored = [name for name in named if name not in told]
        return PartColumns(
            columns,
            tuple(part_of(value) for value in values),
            (
                f"The split in the column {told[0]!r} is kept{_meaning(values)}.",
                *_ignored(ignored),
                *notes,
            ),
        )
    for name in named:
        _check(table[name], name)
    if flags:
        kept = f"The split in the column {some(map(repr, flags))} is kept."
        parts = _combined(list(flags.values()), list(flags))
        return PartColumns(columns, parts, (kept, *_ignored(named), *notes))
    return PartColumns(columns, None, (*_ignored(named), *notes))


def _tells_parts(column: pd.Series, *, least: int) -> bool:
    """Whether all cells are names of parts, ``train`` and in all at least so many among them."""
    values = {value for value in column if isinstance(value, str) and not is_missing(value)}
    parts = {part_of(value) for value in values}
    rows = sum(not is_missing(value) for value in column)
    whole = rows == sum(isinstance(value, str) and not is_missing(value) for value in column)
    return whole and "train" in parts and None not in parts and len(parts) >= least


def _asked_of(name: str) -> Part | None:
    """The part that a column such as ``is_valid`` asks about."""
    said = wording(name)
    return said.part if _BESIDE.issuperset(said.rest) else None


def _check(column: pd.Series, name: str) -> None:
    """Raise DataError if some of the cells are names of parts: a split is not replaced for the rest."""
    values = [str(value) for value in column if not is_missing(value)]
    parts = {part for value in values if (part := part_of(value))}
    strange = [value for value in values if not part_of(value)]
    if "train" not in parts or not strange:
        return
    unlabelled = " They seem to have no labels." if all(map(is_unlabelled, strange)) else ""
    raise DataError(
        f"The column {name!r} holds names of parts, but in {len(strange)} rows other values: "
        f"{some(sorted(set(strange)))}.{unlabelled} Write train, val or test there, or leave these rows out."
    )


def _combined(flags: list[tuple[Part, list[bool]]], names: list[str]) -> tuple[Part | None, ...]:
    asked = [part for part, _ in flags]
    rest: Part | None = "train" if "train" not in asked else "test" if asked == ["train"] else None
    parts: list[Part | None] = []
    for number, row in enumerate(zip(*(each for _, each in flags), strict=True), start=1):
        true = {part for part, flag in zip(asked, row, strict=True) if flag}
        if len(true) > 1:
            raise DataError(
                f"The columns {some(names)} put row {number} into {' and '.join(sorted(true))}. "
                "One part is due."
            )
        parts.append(next(iter(true), rest))
    return tuple(parts)


def _meaning(values: Sequence[object]) -> str:
    """What the values mean, if they are not the names of the parts themselves."""
    words = sorted({str(value).strip() for value in values if value is not None})
    if all(word.lower() == part_of(word) for word in words):
        return ""
    return ": " + some([f"{word} is {part_of(word)}" for word in words], most=9)


def _ignored(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    return [
        f"Ignored the column {some(names)}: it holds other values than train, val and test. "
        "The split is made without it."
    ]
