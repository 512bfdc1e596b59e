"""Look inside torch Datasets: the labels they keep, the names of their classes, the files of their images."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autotl.data.conventions import label_text
from autotl.errors import DataError

Names = dict[str, str]


@dataclass(frozen=True, slots=True)
class ImageFile:
    """The file of an image, and the transform that the dataset applies to the image."""

    path: Path
    transform: Callable[[Any], Any] | None


def kept_labels(dataset: Any) -> list[Any] | None:
    """The labels that a dataset keeps in a list, which spares decoding all images to learn them."""
    if _is_subset(dataset):
        inner = kept_labels(dataset.dataset)
        return None if inner is None else [inner[row] for row in dataset.indices]
    if _is_joined(dataset):
        parts = [kept_labels(part) for part in dataset.datasets]
        return None if None in parts else [label for part in parts if part is not None for label in part]
    targets = getattr(dataset, "targets", None)
    if getattr(dataset, "target_transform", None) is not None or not hasattr(targets, "__len__"):
        return None
    return list(targets) if targets is not None and len(targets) == len(dataset) else None


def class_names(dataset: Any, labels: Sequence[str]) -> Names | None:
    """The names of a dataset's classes by label, as torchvision keeps them in ``classes``.

    Names count only if they surely belong to the labels: ``class_to_idx`` says so, or the labels are exactly
    0…n-1 for n names; and there is no ``target_transform``. Parts of a ConcatDataset must agree.

    Args:
        dataset: the dataset, or one that holds others.
        labels: the label of each image, as text.

    Returns:
        No names if there are some that do not belong to the labels; None if the dataset has none.
    """
    if _is_joined(dataset):
        return _joined_names(dataset, labels)
    if _is_subset(dataset):
        whole = kept_labels(dataset.dataset)
        return class_names(dataset.dataset, labels if whole is None else list(map(label_text, whole)))
    classes, index = getattr(dataset, "classes", None), getattr(dataset, "class_to_idx", None)
    if isinstance(classes, list | tuple) or isinstance(index, dict):
        if getattr(dataset, "target_transform", None) is not None:
            return {}
        # Some datasets know several names for a class: the first is the usual one.
        firsts = [each[0] if isinstance(each, list | tuple) and each else each for each in classes or ()]
        known = {str(number): label_text(name) for number, name in enumerate(firsts)}
        if not isinstance(index, dict):
            return known if set(labels) == known.keys() else {}
        if any(index.get(name) != number for number, name in enumerate(firsts)) or not firsts:
            known = {label_text(number): label_text(name) for name, number in index.items()}
            known = known if len(known) == len(index) else {}
        return known if set(labels) <= known.keys() else {}
    if not hasattr(dataset, "dataset"):
        return None
    whole = kept_labels(dataset.dataset)
    names = class_names(dataset.dataset, labels)
    same = whole is not None and list(map(label_text, whole)) == list(labels)
    return names if same or names is None else {}


def image_file(dataset: Any, row: int) -> ImageFile | None:
    """The file of an image that torchvision's DatasetFolder would open with Pillow; None for all others."""
    if _is_subset(dataset) and _gets_items_as(dataset, "torch.utils.data.dataset"):
        return image_file(dataset.dataset, dataset.indices[row])
    if _is_joined(dataset) and _gets_items_as(dataset, "torch.utils.data.dataset"):
        part = bisect_right(dataset.cumulative_sizes, row)
        return image_file(dataset.datasets[part], row - (dataset.cumulative_sizes[part - 1] if part else 0))
    loader = getattr(dataset, "loader", None)
    folder = "torchvision.datasets.folder"
    if not _gets_items_as(dataset, folder) or getattr(loader, "__module__", "") != folder:
        return None
    return ImageFile(Path(dataset.samples[row][0]), dataset.transform)


def _joined_names(dataset: Any, labels: Sequence[str]) -> Names | None:
    """The names that all parts share. Raises DataError if two parts call one label differently."""
    ends = [0, *dataset.cumulative_sizes]
    found = [
        class_names(part, labels[start:end])
        for part, start, end in zip(dataset.datasets, ends, ends[1:], strict=False)
    ]
    if all(names is None for names in found):
        return None
    together: Names = {}
    for names in found:
        for label, name in (names or {}).items():
            if together.setdefault(label, name) != name:
                raise DataError(
                    f"The datasets in the ConcatDataset call the label {label} by two names, "
                    f"{together[label]!r} and {name!r}. Give all of them the same classes in the same order."
                )
    return together if all(found) else {}


def _is_subset(dataset: Any) -> bool:
    return hasattr(dataset, "indices") and hasattr(dataset, "dataset")


def _is_joined(dataset: Any) -> bool:
    return hasattr(dataset, "datasets") and hasattr(dataset, "cumulative_sizes")


def _gets_items_as(dataset: Any, module: str) -> bool:
    """Whether a class of this module fetches the items, and not a subclass in its own way."""
    return bool(getattr(type(dataset).__getitem__, "__module__", "") == module)
