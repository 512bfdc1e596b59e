"""Find out which columns of a table hold the images, the labels, the groups and the parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from autotl.api import NO_GROUPS, Columns, Part
from autotl.data.conventions import known_column, some
from autotl.data.image_files.endings import is_image_name
from autotl.data.tabular.cells import holds_image, text_of
from autotl.data.tabular.locate import Files
from autotl.data.tabular.one_hot import class_columns, flags_of
from autotl.data.tabular.part_columns import part_columns
from autotl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_LABELS = frozenset({"label", "labels", "class", "class_name", "classname", "target", "category"})
_GROUPS = frozenset(["group", "groups", "group_id"])
_PROBES = 1000


@dataclass(frozen=True, slots=True)
class Chosen:
    """The columns to use; ``notes`` say which of them nobody named.

    ``labels`` is one column of labels, or one column of 0 and 1 for each class. ``parts`` has the part of
    each row if the table says it.
    """

    image: str
    labels: tuple[str, ...]
    group: str | None
    parts: tuple[Part | None, ...] | None
    notes: tuple[str, ...]


def choose_columns(
    table: pd.DataFrame, columns: Columns, *, files: Files | None = None, marked: Sequence[str] = ()
) -> Chosen:
    """The columns that are named, and for the rest the only ones that can be meant.

    Raises UnknownName for a named column that is not there, and DataError where several could be meant: a
    column of paths is never taken for anything else.

    Args:
        table: The cells, with columns that are called by text.
        columns: What was named. If the group is ``NO_GROUPS`` and no column has that name, no column holds
            groups.
        files: Finds images by the identifiers in a column, if no column holds paths.
        marked: The columns that the file itself marks as labels.
    """
    names = list(table.columns)
    no_groups = columns.group == NO_GROUPS and NO_GROUPS not in names
    for given in (columns.image, columns.label, None if no_groups else columns.group):
        if given is not None:
            known_column(given, names)
    notes = []
    paths = [name for name in names if _holds_images(table[name])]
    image = columns.image
    if image is None:
        paths = paths or _identifiers(table, names, files)
        image = _only_one("image", paths, names, "holds paths of images", files)
        notes.append(f"Took the column {image!r} for the images.")
    group = None if no_groups else columns.group
    if columns.group is None and (likely := _named(names, _GROUPS, but=(image, columns.label))):
        group = _only_one("group", likely, names, "is called a group")
        notes.append(f"Took the column {group!r} for groups that a split must not divide.")
    parts = part_columns(table, [name for name in names if name not in (image, columns.label, group, *paths)])
    if columns.label is None:
        taken = {image, group, *paths, *parts.columns, *(_named(names, _GROUPS) if no_groups else ())}
        labels = _labels(table, [name for name in names if name not in taken], marked)
        notes.append(
            f"Took the column {labels[0]!r} for the labels."
            if len(labels) == 1
            else f"Took each of the columns {some(labels, most=10)} for a class: every row has one 1 in them."
        )
    else:
        labels = (columns.label,)
        if columns.label in paths:
            raise DataError(
                f"The column {columns.label!r} was named for the labels, but it holds paths of images."
            )
    if (image,) == labels:
        raise DataError(f"The column {image!r} cannot hold both the images and the labels.")
    notes += parts.notes
    if spare := [name for name in paths if name != image]:
        notes.append(f"Ignored other paths of images, in the column {some(spare)}.")
    return Chosen(image, labels, group, parts.parts, tuple(notes))


def is_image_path(value: str) -> bool:
    """Whether ``value`` ends as the names of image files do."""
    return is_image_name(value)


def image_column(table: pd.DataFrame, named: str | None, *, files: Files | None = None) -> str:
    """The column of images in a table without labels: the named, the only one, or the only one of paths.

    Raises UnknownName and DataError as :func:`choose_columns` does.
    """
    names = list(table.columns)
    if named is not None:
        return known_column(named, names)
    if len(names) == 1:
        return names[0]
    likely = [name for name in names if _holds_images(table[name])] or _identifiers(table, names, files)
    return _only_one("image", likely, names, "holds paths of images", files)


def _labels(table: pd.DataFrame, left: list[str], marked: Sequence[str]) -> tuple[str, ...]:
    """The column of labels among those left, or the columns that are a class each."""
    likely = _named(left, _LABELS) or [name for name in marked if name in left]
    if not likely:
        likely = _classes(table, left)
        if per_class := class_columns(table, left, others=any(not _is_flag(table[name]) for name in likely)):
            return per_class
    return (_only_one("label", likely, list(table.columns), "can be the labels"),)


def _only_one(role: str, likely: list[str], names: list[str], what: str, files: Files | None = None) -> str:
    if len(likely) == 1:
        return likely[0]
    which = f"{len(likely)} columns could be it ({', '.join(likely)})" if likely else f"no column {what}"
    remedy = {
        "image": "Say which with image= (--image).",
        "label": "Say which with label= (--label).",
        "group": "Say which with group= (--group).",
    }
    told = files.told() if files and not likely else ""
    raise DataError(f"Which column is the {role}? {which}. Columns: {', '.join(names)}.{told} {remedy[role]}")


def _named(names: Iterable[str], known: frozenset[str], *, but: tuple[str | None, ...] = ()) -> list[str]:
    return [name for name in names if name.strip().lower() in known and name not in but]


def _holds_images(column: pd.Series) -> bool:
    """Whether most values are images, or end as the names of images do."""
    first = list(column.head(_PROBES))
    if sum(map(holds_image, first)) > len(first) / 2:
        return True
    seen = [str(value) for value in first if isinstance(value, str | PurePath)]
    return sum(map(is_image_path, seen)) > len(seen) / 2


def _identifiers(table: pd.DataFrame, names: list[str], files: Files | None) -> list[str]:
    """The columns whose values differ from row to row and are names of images, without their ending."""
    if files is None:
        return []
    texts = {name: [text_of(value) for value in table[name].head(_PROBES)] for name in names}
    return [name for name, each in texts.items() if len(set(each)) > len(each) / 2 and files.know(each)]


def _classes(table: pd.DataFrame, names: list[str]) -> list[str]:
    """The columns whose values come back, as labels do and identifiers do not."""
    return [name for name in names if 2 <= table[name].astype(str).nunique() <= max(2, len(table) // 2)]


def _is_flag(column: pd.Series) -> bool:
    return flags_of(column) is not None
