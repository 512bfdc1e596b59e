"""Read a Dataset or DatasetDict of the Hugging Face library `datasets`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, ModalityName, Part, Reader
from autotl.data import (
    cell_opener,
    group_texts,
    is_saved_dataset,
    join_names,
    loaded_dataset,
    open_image,
    part_of,
    path_or_none,
    read_target_columns,
    read_targets,
    require_column,
    text_columns,
    text_name,
    upright_rgb,
)
from autotl.errors import DataError
from autotl.importing.lazy import lazy_module

if TYPE_CHECKING:
    import pandas as pd
else:  # listing plugins does not need it
    pd = lazy_module("pandas")

_LABEL_NAMES = frozenset(["label", "labels", "class", "class_name", "target", "category"])
_PROBED_ROWS = 1000
_STRINGS = ("string", "large_string", "string_view")


class HfDataset:
    """Reads datasets with an Image feature, or with texts.

    ClassLabel holds the class names. The splits of a DatasetDict are the parts. The library is imported only
    for a folder that ``save_to_disk`` wrote.
    """

    name = "hf_dataset"
    summary = "a Hugging Face datasets.Dataset or DatasetDict, or one saved to disk, of images or texts"

    def reads(self, source: object) -> Applies:
        kinds = _kinds(source)
        if kinds & {"IterableDataset", "IterableDatasetDict"}:
            return Applies(False, "it is streamed; load it without streaming=True")
        path = path_or_none(source)
        if path is not None:
            saved = is_saved_dataset(path)
            return Applies(saved, f"save_to_disk wrote {'it' if saved else 'no such folder'}")
        found = bool(kinds & {"Dataset", "DatasetDict"})
        return Applies(found, f"it is {'a' if found else 'no'} Hugging Face dataset")

    def read(self, source: object, columns: Columns) -> Listing:
        source = loaded_dataset(source)
        if not isinstance(source, Mapping):
            split = _list_split(source, columns, part=None, prefix="")
            return _listing([split], split.notes, columns)
        splits: list[_Split] = []
        notes: list[str] = []
        for name, split in source.items():
            part = part_of(name)
            if part is None and len(source) > 1:
                notes.append(f"Left out the split {name!r}: it is neither train, validation nor test.")
                continue
            splits.append(_list_split(split, columns, part=part, prefix=f"{name} "))
            notes += [note for note in splits[-1].notes if note not in notes]
        if not any(split.values for split in splits):
            raise DataError(
                f"A DatasetDict must have a split 'train' (got {join_names(map(str, source))}). Rename one."
            )
        return _listing(splits, notes, columns)

    def images(self, source: object, columns: Columns) -> list[tuple[str, Callable[[], Image.Image]]]:
        """List the images of all splits, with or without labels."""
        return [each for prefix, split in _splits_of(source) for each in _unlabelled(split, columns, prefix)]

    def texts(self, source: object, text: str | None) -> list[tuple[str, Callable[[], str]]]:
        """List the texts of all splits, with or without labels."""
        columns, found = Columns(text=text), list[tuple[str, Callable[[], str]]]()
        for prefix, split in _splits_of(source):
            dataset = split.with_format(None)
            column, _ = _input_column(dataset, columns)
            cells = list(dataset[column])
            rows = [f"{prefix}row {row}" for row in range(len(cells))]
            found += zip(map(text_name, rows, cells), map(cell_opener, cells), strict=True)
        return found


def _splits_of(source: object) -> list[tuple[str, Any]]:
    """Return each split with the beginning of its rows' names."""
    loaded = loaded_dataset(source)
    if not isinstance(loaded, Mapping):
        return [("", loaded)]
    return [(f"{name} ", split) for name, split in loaded.items()]


def _kinds(source: object) -> set[str]:
    """Return the names of its base classes in the library."""
    return {base.__name__ for base in type(source).__mro__ if base.__module__.split(".")[0] == "datasets"}


@dataclass(frozen=True, slots=True)
class _Split:
    """The images or texts of a split, with the cells of their labels.

    Attributes:
        openers: The functions that return the images or texts.
        modality: The kind of all of them.
        labels: The columns of labels.
        values: The cells of each row: a value for each column of labels.
        groups: The group of each row, or None.
        part: The part of a split that the images belong to.
        prefix: The beginning of the rows' names.
        named: Whether the values are names of classes.
        notes: Sentences for the user.
    """

    openers: Sequence[Callable[[], Any]]
    modality: ModalityName
    labels: tuple[str, ...]
    values: list[tuple[Any, ...]]
    groups: Sequence[str | None]
    part: Part | None
    prefix: str
    named: bool
    notes: tuple[str, ...]

    @property
    def rows(self) -> list[str]:
        """The names of the rows."""
        return [f"{self.prefix}row {row}" for row in range(len(self.values))]


def _listing(splits: Sequence[_Split], notes: Iterable[str], columns: Columns) -> Listing:
    """List the images of all splits, whose labels are read together."""
    rows = [name for split in splits for name in split.rows]
    values = [value for split in splits for value in split.values]
    labels, named = splits[0].labels, any(split.named for split in splits)
    if len(labels) > 1:
        table = pd.DataFrame(values, columns=pd.Index(labels), dtype=object)
        targets = read_target_columns(table, labels, row_names=rows, kind=columns.target)
    else:
        cells = [value[0] for value in values]
        targets = read_targets(cells, row_names=rows, kind=columns.target, column=labels[0], named=named)
    found = iter(targets.values)
    items = [
        Item(name, next(found), opener, group=group, part=split.part)
        for split in splits
        for name, opener, group in zip(split.rows, split.openers, split.groups, strict=True)
    ]
    return Listing(items, (*notes, *targets.notes), targets.spec, splits[0].modality)


def _list_split(dataset: Any, columns: Columns, *, part: Part | None, prefix: str) -> _Split:
    """Return the images and labels of a split; none of a split without labels."""
    features: Mapping[str, Any] = dataset.features
    for name in (columns.image, columns.text, *columns.labels, columns.group):
        if name is not None:
            require_column(name, features)
    dataset = dataset.with_format(None)  # a format such as "torch" would return tensors
    column, modality = _input_column(dataset, columns)
    marked = [name for name, feature in features.items() if _is(feature, "ClassLabel")]
    listed = [name for name in features if name.lower() in _LABEL_NAMES and not _is(features[name], "Image")]
    labels = columns.labels or (_only(features, "label", marked or listed),)
    if column in labels:
        raise DataError(f"{modality} and label must name different columns (got {column!r} for both).")
    cells = [_named(list(dataset[name]), features[name]) for name in labels]
    named = len(labels) == 1 and _is(features[labels[0]], "ClassLabel")
    values, notes = list(zip(*cells, strict=True)), (_used(column, labels, modality),)
    if named and values and all(value == (None,) for value in values):
        notes = (f"Left out the split {prefix.strip() or 'given'!r}: it has no labels.",)
        values = []
    groups = [None] * len(values) if columns.group is None else group_texts(dataset[columns.group])
    openers = _openers(dataset, column, modality)[: len(values)]
    return _Split(openers, modality, labels, values, groups, part, prefix, named, notes)


def _used(column: str, labels: tuple[str, ...], modality: ModalityName) -> str:
    """Return the note on the columns that were used."""
    return f"Used the columns {column!r} and {join_names(map(repr, labels))} for {modality}s and labels."


def _named(values: list[Any], feature: Any) -> list[Any]:
    """Return the names of classes in place of their numbers, also in lists; None for -1."""
    inner = getattr(feature, "feature", None)
    if _is(inner, "ClassLabel"):
        return [value if value is None else _named(list(value), inner) for value in values]
    if not _is(feature, "ClassLabel"):
        return values
    names = feature.names
    return [names[id_] if id_ is not None and 0 <= id_ < len(names) else None for id_ in values]


def _unlabelled(dataset: Any, columns: Columns, prefix: str) -> list[tuple[str, Callable[[], Image.Image]]]:
    """List the images of a dataset without labels."""
    if columns.image is not None:
        require_column(columns.image, dataset.features)
    openers = _openers(dataset.with_format(None), _image_column(dataset.features, columns), "image")
    return [(f"{prefix}row {row}", opener) for row, opener in enumerate(openers)]


def _image_column(features: Mapping[str, Any], columns: Columns) -> str:
    return columns.image or _only(features, "image", [n for n, f in features.items() if _is(f, "Image")])


def _input_column(dataset: Any, columns: Columns) -> tuple[str, ModalityName]:
    """Return the column of images or texts, and which of them it holds."""
    features: Mapping[str, Any] = dataset.features
    if columns.text is not None:
        return require_column(columns.text, features), "text"
    if columns.image is None and not any(_is(feature, "Image") for feature in features.values()):
        strings = [
            name
            for name, feature in features.items()
            if _is(feature, "Value")
            and getattr(feature, "dtype", None) in _STRINGS
            and name not in (*columns.labels, columns.group)
            and name.lower() not in _LABEL_NAMES
        ]
        probed = {name: list(islice(dataset[name], _PROBED_ROWS)) for name in strings}
        if texts := text_columns(pd.DataFrame(probed, dtype=object), strings) or strings[: len(strings) == 1]:
            return _only(features, "text", texts), "text"
    return _image_column(features, columns), "image"


def _openers(dataset: Any, column: str, modality: ModalityName) -> list[Callable[[], Any]]:
    """Return the functions that return the images or texts of a dataset without a format."""
    if modality == "text":
        return [cell_opener(cell) for cell in dataset[column]]
    images = _images(dataset, column)
    return [partial(_image, images, row, column) for row in range(len(dataset))]


def _images(dataset: Any, image: str) -> Any:
    """Return the dataset with its image column only.

    Opening a row decodes all image columns.
    """
    images, feature = dataset.select_columns([image]), dataset.features[image]
    if getattr(feature, "decode", False) and getattr(feature, "mode", None) is None:
        images = images.cast_column(image, type(feature)(decode=False))  # autotl decodes all files itself
    return images


def _is(feature: object, kind: str) -> bool:
    return type(feature).__name__ == kind


def _only(features: Iterable[str], role: str, likely: list[str]) -> str:
    if len(likely) == 1:
        return likely[0]
    which = f"{len(likely)} are possible ({', '.join(likely)})" if likely else "none is marked so"
    raise DataError(
        f"A single column must be the {role}: {which}. Columns: {', '.join(features)}. Name it with {role}=."
    )


def _image(dataset: Any, row: int, column: str) -> Image.Image:
    value = dataset[row][column]
    if isinstance(value, Image.Image):
        return upright_rgb(value)
    if isinstance(value, Mapping) and value.get("bytes"):  # Image(decode=False)
        return open_image(bytes(value["bytes"]))
    path = value.get("path") if isinstance(value, Mapping) else value
    if isinstance(path, str):
        return open_image(Path(path))
    raise DataError(f"{type(value).__name__} is no image")


@hookimpl
def autotl_readers() -> list[Reader]:
    return [HfDataset()]
