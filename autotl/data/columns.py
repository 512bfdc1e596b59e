"""Find out which columns of a table hold the images, the labels, the groups and the parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath
from typing import TYPE_CHECKING

from autotl.api import NO_GROUPS, Columns
from autotl.data.decode import SUFFIXES
from autotl.data.forms import known_column, part_of, some
from autotl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_LABELS = frozenset({"label", "labels", "class", "class_name", "classname", "target", "category"})
_PARTS = frozenset(["split", "splits", "part", "partition", "subset", "set", "fold", "phase"])
_GROUPS = frozenset(["group", "groups", "group_id"])


@dataclass(frozen=True, slots=True)
class Chosen:
    """The columns to use; ``notes`` say which of them nobody named."""

    image: str
    label: str
    group: str | None
    part: str | None
    notes: tuple[str, ...]


def choose_columns(table: pd.DataFrame, columns: Columns) -> Chosen:
    """The columns that are named, and for the rest the only ones that can be meant.

    If the group is ``NO_GROUPS`` and no column has that name, no column holds groups.
    Raises UnknownName for a named column that is not there, and DataError where several could be meant: a
    column of paths is never taken for anything else.
    """
    names = list(table.columns)
    no_groups = columns.group == NO_GROUPS and NO_GROUPS not in names
    for given in (columns.image, columns.label, None if no_groups else columns.group):
        if given is not None:
            known_column(given, names)
    notes = []
    paths = [name for name in names if _holds_paths(table[name])]
    image = columns.image
    if image is None:
        image = _only_one("image", paths, names, "holds paths of images")
        notes.append(f"Took the column {image!r} for the images.")
    group = None if no_groups else columns.group
    if columns.group is None and (likely := _named(names, _GROUPS, but=(image, columns.label))):
        group = _only_one("group", likely, names, "is called a group")
        notes.append(f"Took the column {group!r} for groups that a split must not divide.")
    parts = _named(names, _PARTS, but=(image, columns.label, group))
    label = columns.label
    if label is None:
        taken = {image, group, *paths, *parts, *(_named(names, _GROUPS) if no_groups else ())}
        left = [name for name in names if name not in taken]
        label = _only_one("label", _named(left, _LABELS) or _classes(table, left), names, "can be the labels")
        notes.append(f"Took the column {label!r} for the labels.")
    elif label in paths:
        raise DataError(f"The column {label!r} was named for the labels, but it holds paths of images.")
    if image == label:
        raise DataError(f"The column {image!r} cannot hold both the images and the labels.")
    told = [name for name in parts if _tells_parts(table[name])]
    part = _only_one("part", told, names, "holds train, val and test") if told else None
    if part:
        notes.append(f"The split in the column {part!r} is kept.")
    elif parts:
        notes.append(f"Ignored the column {some(parts)}: it holds other values than train, val and test.")
    if spare := [name for name in paths if name != image]:
        notes.append(f"Ignored other paths of images, in the column {some(spare)}.")
    return Chosen(image, label, group, part, tuple(notes))


def image_column(table: pd.DataFrame, named: str | None) -> str:
    """The column of images in a table without labels: the named, the only one, or the only one of paths.

    Raises UnknownName and DataError as :func:`choose_columns` does.
    """
    names = list(table.columns)
    if named is not None:
        return known_column(named, names)
    if len(names) == 1:
        return names[0]
    return _only_one(
        "image", [name for name in names if _holds_paths(table[name])], names, "holds paths of images"
    )


def _only_one(role: str, likely: list[str], names: list[str], what: str) -> str:
    if len(likely) == 1:
        return likely[0]
    which = f"{len(likely)} columns could be it ({', '.join(likely)})" if likely else f"no column {what}"
    remedy = {
        "image": "Say which with image= (--image).",
        "label": "Say which with label= (--label).",
        "group": "Say which with group= (--group).",
        "part": "Leave all but one out of the table.",
    }
    raise DataError(f"Which column is the {role}? {which}. Columns: {', '.join(names)}. {remedy[role]}")


def _named(names: Iterable[str], known: frozenset[str], *, but: tuple[str | None, ...] = ()) -> list[str]:
    return [name for name in names if name.strip().lower() in known and name not in but]


def _holds_paths(column: pd.Series) -> bool:
    """Whether most values end as the names of images do."""
    seen = [str(value) for value in column.head(1000) if isinstance(value, str | PurePath)]
    return sum(is_image_path(value) for value in seen) > len(seen) / 2


def is_image_path(value: str) -> bool:
    """Whether ``value`` ends as the names of image files do."""
    return PurePosixPath(value.strip().replace("\\", "/")).suffix.lower() in SUFFIXES


def _classes(table: pd.DataFrame, names: list[str]) -> list[str]:
    """The columns whose values come back, as labels do and identifiers do not."""
    return [name for name in names if 2 <= table[name].astype(str).nunique() <= max(2, len(table) // 2)]


def _tells_parts(column: pd.Series) -> bool:
    values = set(column.dropna())
    return "train" in {part_of(value) for value in values} and all(part_of(value) for value in values)
