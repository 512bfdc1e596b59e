"""Choose the columns of images, labels, groups and parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from autotl.api import NO_GROUPS, Columns, ModalityName, Part, TargetKind
from autotl.data.arguments import require_column
from autotl.data.image_files.suffixes import is_image_name
from autotl.data.name_lists import join_names
from autotl.data.tabular.cells import holds_image, path_text
from autotl.data.tabular.locate_images import ImageLocator
from autotl.data.tabular.one_hot import boolean_values, hot_columns
from autotl.data.tabular.part_columns import part_columns
from autotl.data.tabular.text_columns import text_columns
from autotl.data.targets.label_sets import holds_label_sets
from autotl.data.targets.numbers import all_numbers, are_whole
from autotl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_LABEL_NAMES = frozenset({"label", "labels", "class", "class_name", "classname", "target", "category"})
_GROUP_NAMES = frozenset(["group", "groups", "group_id"])
_PROBED_ROWS = 1000
_IMAGE_ROLE, _TEXT_ROLE, _LABEL_ROLE, _GROUP_ROLE = "image", "text", "label", "group"


@dataclass(frozen=True, slots=True)
class ChosenColumns:
    """The columns to use.

    Attributes:
        image: The column of images or their paths, or of texts.
        labels: The column of labels, or several columns with a class, a label or a number each.
        group: The column of groups; None without groups.
        parts: The part of each row; None if the table states no parts.
        notes: Notes on the columns that were not named by the user.
        modality: "image", or "text" if the column holds texts.
    """

    image: str
    labels: tuple[str, ...]
    group: str | None
    parts: tuple[Part | None, ...] | None
    notes: tuple[str, ...]
    modality: ModalityName = "image"


def choose_columns(
    table: pd.DataFrame, columns: Columns, *, files: ImageLocator | None = None, marked: Sequence[str] = ()
) -> ChosenColumns:
    """Return the named columns, and the only candidates otherwise.

    A column of paths is never used for labels, groups or parts.

    Args:
        table: The cells, with text as column names.
        columns: The named columns. If the group is ``NO_GROUPS`` and no column has that name, there are no
            groups.
        files: Finds images by the identifiers in a column, if no column holds paths.
        marked: The columns that the file itself marks as labels.

    Raises:
        UnknownName: A named column is not in the table.
        DataError: Several columns are possible for a role, or none is.
    """
    names = list(table.columns)
    no_groups = columns.group == NO_GROUPS and NO_GROUPS not in names
    for name in (columns.image, columns.text, *columns.labels, None if no_groups else columns.group):
        if name is not None:
            require_column(name, names)
    notes: list[str] = []
    paths = [name for name in names if _holds_images(table[name])]
    chosen = _input_column(table, columns, paths, files)
    image, paths = chosen.name, chosen.paths
    notes += chosen.notes
    group = None if no_groups else columns.group
    if columns.group is None and (likely := _named(names, _GROUP_NAMES, but=(image, *columns.labels))):
        group = _only_one(_GROUP_ROLE, likely, names, "is called a group")
        notes.append(f"Used the column {group!r} for groups that a split must not divide.")
    taken = (image, *columns.labels, group, *paths)
    parts = part_columns(table, [name for name in names if name not in taken])
    labels = columns.labels
    if not labels:
        used = {image, group, *paths, *parts.columns, *(_named(names, _GROUP_NAMES) if no_groups else ())}
        labels = _label_columns(table, [name for name in names if name not in used], marked, columns.target)
        notes += [f"Used the column {labels[0]!r} for the labels."] if len(labels) == 1 else []
    _check_roles(image, labels, columns.labels, paths)
    notes += parts.notes
    if unused := [name for name in paths if name != image]:
        notes.append(f"Ignored other paths of images, in the column {join_names(unused)}.")
    return ChosenColumns(image, labels, group, parts.parts, tuple(notes), chosen.role)


@dataclass(frozen=True, slots=True)
class _InputColumn:
    """The column of images or texts.

    Attributes:
        name: Its name.
        role: Its role, which is the name of the modality too.
        paths: The columns that hold images or their paths.
        notes: A note if the user did not name the column.
    """

    name: str
    role: ModalityName
    paths: list[str]
    notes: Sequence[str] = ()


def _input_column(
    table: pd.DataFrame, columns: Columns, paths: list[str], files: ImageLocator | None
) -> _InputColumn:
    """Return the column of images or texts, and a note if it was not named.

    Args:
        table: The cells.
        columns: The named columns.
        paths: The columns that hold images or their paths.
        files: Finds images by the identifiers in a column.

    Raises:
        DataError: Both kinds of columns are named, several columns are possible, or none is.
    """
    names = list(table.columns)
    if columns.image is not None and columns.text is not None:
        raise DataError(
            f"Only one of image and text may name a column (got {columns.image!r} and {columns.text!r}). "
            "Leave one out."
        )
    if columns.image is not None:
        return _InputColumn(columns.image, _IMAGE_ROLE, paths)
    if columns.text is not None:
        return _InputColumn(columns.text, _TEXT_ROLE, paths)
    likely = paths or _identifier_columns(table, names, files)
    if not likely and (texts := text_columns(table, [name for name in names if name not in columns.labels])):
        text = _only_one(_TEXT_ROLE, texts, names, "holds texts")
        return _InputColumn(text, _TEXT_ROLE, paths, [f"Used the column {text!r} for the texts."])
    image = _only_one(_IMAGE_ROLE, likely, names, "holds paths of images", files)
    return _InputColumn(image, _IMAGE_ROLE, paths or [image], [f"Used the column {image!r} for the images."])


def text_column(table: pd.DataFrame, named: str | None) -> str:
    """Return the column of texts in a table without labels.

    Args:
        table: The cells.
        named: The column that the user named; None to find it.

    Raises:
        UnknownName: The named column is not in the table.
        DataError: Several columns are possible, or none is.
    """
    names = list(table.columns)
    if named is not None:
        return require_column(named, names)
    if len(names) == 1:
        return names[0]
    likely = [name for name in names if name.strip().lower() == _TEXT_ROLE] or text_columns(table, names)
    return _only_one(_TEXT_ROLE, likely, names, "holds texts")


def image_column(table: pd.DataFrame, named: str | None, *, files: ImageLocator | None = None) -> str:
    """Return the column of images in a table without labels.

    Args:
        table: The cells.
        named: The column that the user named; None to find it.
        files: Finds images by the identifiers in a column, if no column holds paths.

    Raises:
        UnknownName: The named column is not in the table.
        DataError: Several columns are possible, or none is.
    """
    names = list(table.columns)
    if named is not None:
        return require_column(named, names)
    if len(names) == 1:
        return names[0]
    likely = [name for name in names if _holds_images(table[name])]
    likely = likely or _identifier_columns(table, names, files)
    return _only_one(_IMAGE_ROLE, likely, names, "holds paths of images", files)


def _label_columns(
    table: pd.DataFrame, unused: list[str], marked: Sequence[str], kind: TargetKind | None
) -> tuple[str, ...]:
    """Return the column of labels, or several columns of 0 and 1 or of numbers.

    Args:
        table: The cells.
        unused: The columns that have no other role.
        marked: The columns that the file itself marks as labels.
        kind: The kind of target; None if it is to be inferred.
    """
    likely = _named(unused, _LABEL_NAMES) or [name for name in marked if name in unused]
    if not likely:
        numbers = [] if kind in ("single_label", "multi_label") else _number_columns(table, unused)
        if numbers and kind == "regression":
            return tuple(numbers)
        likely = _repeating_columns(table, unused)
        others = any(boolean_values(table[name]) is None for name in likely) and kind != "multi_label"
        if hot := hot_columns(table, unused, others=others):
            return hot
        likely = likely or [name for name in unused if holds_label_sets(list(table[name]))]
        if numbers and not likely:
            return tuple(numbers)
    return (_only_one(_LABEL_ROLE, likely, list(table.columns), "can be the labels"),)


def _number_columns(table: pd.DataFrame, names: list[str]) -> list[str]:
    """Return the columns of numbers that are not whole."""
    found = {name: all_numbers(table[name]) for name in names}
    return [name for name, numbers in found.items() if numbers is not None and not are_whole(numbers)]


def _check_roles(
    image: str, labels: tuple[str, ...], named_labels: tuple[str, ...], paths: Sequence[str]
) -> None:
    """Check that no column has two roles.

    Args:
        image: The column of images.
        labels: The columns of labels.
        named_labels: The columns of labels that the user named.
        paths: The columns that hold images or paths.
    """
    if wrong := [name for name in named_labels if name in paths]:
        raise DataError(
            f"label must name a column of labels (got {wrong[0]!r}, which holds paths of images). "
            "Name another column."
        )
    if image in labels:
        raise DataError(f"image and label must name different columns (got {image!r} for both).")
    if twice := [name for name, count in Counter(named_labels).items() if count > 1]:
        raise DataError(f"label must name different columns (got {twice[0]!r} twice). Name each once.")


def _only_one(
    role: str, likely: list[str], names: list[str], missing: str, files: ImageLocator | None = None
) -> str:
    """Return the only possible column; raise DataError otherwise.

    Args:
        role: The role of the column.
        likely: The possible columns.
        names: All columns.
        missing: The property that no column has if ``likely`` is empty, for the error.
        files: Describes the images that were found, for the error.
    """
    if len(likely) == 1:
        return likely[0]
    which = f"{len(likely)} columns are possible ({', '.join(likely)})" if likely else f"no column {missing}"
    hint = files.hint() if files and not likely else ""
    other = "" if likely or role != _IMAGE_ROLE else " If a column holds texts, name it with text= (--text)."
    raise DataError(
        f"A single column must be the {role}: {which}. Columns: {', '.join(names)}.{hint} "
        f"Name it with {role}= (--{role}).{other}"
    )


def _named(names: Iterable[str], known: frozenset[str], *, but: tuple[str | None, ...] = ()) -> list[str]:
    return [name for name in names if name.strip().lower() in known and name not in but]


def _holds_images(column: pd.Series) -> bool:
    """Return whether most values are images or their names."""
    values = list(column.head(_PROBED_ROWS))
    if sum(map(holds_image, values)) > len(values) / 2:
        return True
    texts = [str(value) for value in values if isinstance(value, str | PurePath)]
    return sum(map(is_image_name, texts)) > len(texts) / 2


def _identifier_columns(table: pd.DataFrame, names: list[str], files: ImageLocator | None) -> list[str]:
    """Return columns of distinct image names without suffix."""
    if files is None:
        return []
    texts = {name: [path_text(value) for value in table[name].head(_PROBED_ROWS)] for name in names}
    return [name for name, each in texts.items() if len(set(each)) > len(each) / 2 and files.finds_most(each)]


def _repeating_columns(table: pd.DataFrame, names: list[str]) -> list[str]:
    """Return columns whose values repeat, as labels do."""
    return [name for name in names if 2 <= table[name].astype(str).nunique() <= max(2, len(table) // 2)]
