"""Read a Dataset or DatasetDict of the Hugging Face library `datasets`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, Part, Reader
from autotl.data import group_texts, join_names, label_texts, open_image, part_of, require_column, upright_rgb
from autotl.errors import DataError

_LABEL_NAMES = frozenset(["label", "labels", "class", "class_name", "target", "category"])


class HfDataset:
    """Reads datasets with an Image feature.

    ClassLabel holds the class names. The splits of a DatasetDict are the parts. The library is not imported,
    because it made the dataset.
    """

    name = "hf_dataset"
    summary = "a Hugging Face datasets.Dataset or DatasetDict with an Image and a ClassLabel feature"

    def reads(self, source: object) -> Applies:
        kinds = _kinds(source)
        if kinds & {"IterableDataset", "IterableDatasetDict"}:
            return Applies(False, "it is streamed; load it without streaming=True")
        found = bool(kinds & {"Dataset", "DatasetDict"})
        return Applies(found, f"it is {'a' if found else 'no'} Hugging Face dataset")

    def read(self, source: object, columns: Columns) -> Listing:
        if not isinstance(source, Mapping):
            return Listing(*_list_split(source, columns, part=None, prefix=""))
        items: list[Item] = []
        notes: list[str] = []
        for name, split in source.items():
            part = part_of(name)
            if part is None and len(source) > 1:
                notes.append(f"Left out the split {name!r}: it is neither train, validation nor test.")
                continue
            found, split_notes = _list_split(split, columns, part=part, prefix=f"{name} ")
            items += found
            notes += [note for note in split_notes if note not in notes]
        if not items:
            raise DataError(
                f"A DatasetDict must have a split 'train' (got {join_names(map(str, source))}). Rename one."
            )
        return Listing(items, tuple(notes))

    def images(self, source: object, columns: Columns) -> list[tuple[str, Callable[[], Image.Image]]]:
        """List the images of all splits, with or without labels."""
        splits = source.items() if isinstance(source, Mapping) else [("", source)]
        return [
            each for name, split in splits for each in _unlabelled(split, columns, f"{name} " if name else "")
        ]


def _kinds(source: object) -> set[str]:
    """Return the names of its base classes in the library."""
    return {base.__name__ for base in type(source).__mro__ if base.__module__.split(".")[0] == "datasets"}


def _list_split(
    dataset: Any, columns: Columns, *, part: Part | None, prefix: str
) -> tuple[list[Item], tuple[str, ...]]:
    features: Mapping[str, Any] = dataset.features
    for name in (columns.image, columns.label, columns.group):
        if name is not None:
            require_column(name, features)
    image = _image_column(features, columns)
    marked = [name for name, feature in features.items() if _is(feature, "ClassLabel")]
    named = [name for name in features if name.lower() in _LABEL_NAMES and not _is(features[name], "Image")]
    label = columns.label or _only(features, "label", marked or named)
    if image == label:
        raise DataError(f"image and label must name different columns (got {image!r} for both).")
    dataset = dataset.with_format(None)  # a format such as "torch" would return tensors
    values = list(dataset[label])
    rows = range(len(values))
    if _is(features[label], "ClassLabel"):
        if values and all(value in (-1, None) for value in values):
            return [], (f"Left out the split {prefix.strip() or 'given'!r}: it has no labels.",)
        classes = features[label].names
        values = [classes[id_] if id_ is not None and 0 <= id_ < len(classes) else None for id_ in values]
    names = [f"{prefix}row {row}" for row in rows]
    texts = label_texts(values, row_names=names)
    groups = [None] * len(values) if columns.group is None else group_texts(dataset[columns.group])
    images = _images(dataset, image)
    items = [
        Item(name, text, partial(_image, images, row, image), group=group, part=part)
        for row, name, text, group in zip(rows, names, texts, groups, strict=True)
    ]
    return items, (f"Used the columns {image!r} and {label!r} for images and labels.",)


def _unlabelled(dataset: Any, columns: Columns, prefix: str) -> list[tuple[str, Callable[[], Image.Image]]]:
    """List the images of a dataset without labels."""
    if columns.image is not None:
        require_column(columns.image, dataset.features)
    image = _image_column(dataset.features, columns)
    images = _images(dataset.with_format(None), image)
    return [(f"{prefix}row {row}", partial(_image, images, row, image)) for row in range(len(dataset))]


def _image_column(features: Mapping[str, Any], columns: Columns) -> str:
    return columns.image or _only(features, "image", [n for n, f in features.items() if _is(f, "Image")])


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
