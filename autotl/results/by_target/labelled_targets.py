"""Encode the targets of labelled data as a model's."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Columns, Dataset, TargetKind, TargetSpec
from autotl.errors import DataError, UnknownName

KINDS = {"single_label": "one class", "multi_label": "several labels", "regression": "numbers"}


def targets_of(dataset: Dataset, target: TargetSpec) -> NDArray[Any]:
    """Return a data set's targets, encoded as the model's.

    Args:
        dataset: The labelled images.
        target: The model's target.

    Raises:
        DataError: The data has another kind of target, or names that the model does not know.
    """
    if dataset.target.kind != target.kind:
        raise DataError(
            f"The images must have {KINDS[target.kind]} each, as the model's (got "
            f"{KINDS[dataset.target.kind]}). Name the column with --label."
        )
    if target.kind == "single_label":
        return label_indices(dataset, target.names)
    if target.kind == "multi_label":
        return _label_columns(dataset, target.names)
    return _number_columns(dataset, target.names)


def label_indices(dataset: Dataset, classes: Sequence[str]) -> NDArray[np.int64]:
    """Return a data set's labels as indices (n,) into a model's classes.

    Raises DataError for classes that the model does not know.
    """
    index = np.array([classes.index(name) for name in _matched(dataset, classes, "classes")])
    found: NDArray[np.int64] = index[dataset.targets]
    return found


def _label_columns(dataset: Dataset, labels: Sequence[str]) -> NDArray[np.float32]:
    """Return 1 for each label of an image, else 0, (n, labels)."""
    found = np.zeros((len(dataset), len(labels)), dtype=np.float32)
    for column, name in enumerate(_matched(dataset, labels, "labels")):
        place = labels.index(name)  # two spellings of a number are one label
        found[:, place] = np.maximum(found[:, place], dataset.targets[:, column])
    return found


def label_columns(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the columns that may hold a model's numbers, the likeliest first.

    Numbers from a list column have its name and a place. The last resort, (), is any column: for numbers that
    never had names.
    """
    found = [tuple(names)]
    base = names[0].removesuffix(" 0")
    if len(names) > 1 and list(names) == [f"{base} {place}" for place in range(len(names))]:
        found.append((base,))
    return [*found, ()] if _nameless(names) else found


def read_labelled(
    read: Callable[[Any, Columns], Dataset],
    data: Any,
    image: str | None,
    choices: Sequence[tuple[str, ...]],
    kind: TargetKind,
) -> Dataset:
    """Read labelled images with the first label columns that exist.

    Args:
        read: Reads data and columns.
        data: Labelled images.
        image: The column of a table that holds the images.
        choices: Label columns, the likeliest first; () lets the reader find them.
        kind: The kind of target.
    """
    *first, last = (
        Columns(image, each[0] if len(each) == 1 else each or None, target=kind) for each in choices
    )
    for columns in first:
        with suppress(UnknownName):
            return read(data, columns)
    return read(data, last)


def _nameless(names: Sequence[str]) -> bool:
    """Return whether numbers came from arrays or lists, so that their names are places."""
    places = [str(place) for place in range(len(names))]
    return list(names) in (["labels"], places, [f"labels {place}" for place in places])


def _number_columns(dataset: Dataset, names: Sequence[str]) -> NDArray[np.float32]:
    """Return numbers in the model's order, (n, columns).

    A single number may have another name than in the model. Columns of arrays have no names; they are taken
    in their order.
    """
    own = dataset.target.names
    missing = [name for name in names if name not in own]
    if len(own) == len(names) and (len(own) == 1 or (missing and (_nameless(own) or _nameless(names)))):
        return dataset.targets
    if missing:
        raise DataError(
            f"The data must have a column for each number of the model (got none for {', '.join(missing)}). "
            "Name the columns with --label."
        )
    found: NDArray[np.float32] = dataset.targets[:, [own.index(name) for name in names]]
    return found


def _matched(dataset: Dataset, known: Sequence[str], noun: str) -> list[str]:
    """Return the model's name of each name of the data.

    A number may be spelled differently, for instance 7 and 007, if no two names are the same number.
    """
    numbers = {_number(name): name for name in known}
    matched = [
        name if name in known or len(numbers) < len(known) else numbers.get(_number(name), name)
        for name in dataset.classes
    ]
    unknown = sorted(set(matched) - set(known))
    if unknown:
        raise DataError(
            f"The data has {noun} that the model does not know: {', '.join(unknown[:5])}. "
            f"It knows {', '.join(known[:10])}{', …' if len(known) > 10 else ''}."
        )
    return matched


def _number(name: str) -> int | str:
    """Return the number that a class name spells, or the name."""
    return int(name) if re.fullmatch(r"[-+]?[0-9]{1,100}", name) else name
