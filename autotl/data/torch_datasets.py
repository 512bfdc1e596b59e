"""Read labels, class names and image files from torch Datasets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autotl.data.labels import label_text
from autotl.errors import DataError

Names = dict[str, str]


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image's file, and the transform of the dataset."""

    path: Path
    transform: Callable[[Any], Any] | None


def torch_labels(dataset: Any) -> list[Any] | None:
    """Return the labels that a dataset stores, or None."""
    if _is_subset(dataset):
        inner = torch_labels(dataset.dataset)
        return None if inner is None else [inner[row] for row in dataset.indices]
    if _is_concatenation(dataset):
        parts = [torch_labels(part) for part in dataset.datasets]
        return None if None in parts else [label for part in parts if part is not None for label in part]
    targets = getattr(dataset, "targets", None)
    if getattr(dataset, "target_transform", None) is not None or not hasattr(targets, "__len__"):
        return None
    return list(targets) if targets is not None and len(targets) == len(dataset) else None


def torch_class_names(dataset: Any, labels: Sequence[str]) -> Names | None:
    """Return the class name of each label, as in torchvision.

    Names are used only if they surely belong to the labels. Either ``class_to_idx`` maps them, or the labels
    are exactly 0…n-1 for n names; and there is no ``target_transform``. Parts of a ConcatDataset must agree.

    Args:
        dataset: The dataset, which may wrap others.
        labels: The label of each image, as text.

    Returns:
        The names by label; empty if they may not belong to the labels; None if the dataset has no names.
    """
    if _is_concatenation(dataset):
        return _concatenated_names(dataset, labels)
    if _is_subset(dataset):
        whole = torch_labels(dataset.dataset)
        return torch_class_names(dataset.dataset, labels if whole is None else list(map(label_text, whole)))
    classes, index = getattr(dataset, "classes", None), getattr(dataset, "class_to_idx", None)
    if callable(as_list := getattr(classes, "tolist", None)):
        classes = as_list()
    if isinstance(classes, list | tuple) or isinstance(index, dict):
        if getattr(dataset, "target_transform", None) is not None:
            return {}
        return _own_names(classes or (), index, set(labels))
    if not hasattr(dataset, "dataset"):
        return None
    whole = torch_labels(dataset.dataset)
    names = torch_class_names(dataset.dataset, labels)
    same_labels = whole is not None and list(map(label_text, whole)) == list(labels)
    return names if same_labels or names is None else {}


def torch_image_file(dataset: Any, row: int) -> ImageFile | None:
    """Return the image file of a torchvision DatasetFolder.

    It is None for other datasets, and for other loaders than Pillow.
    """
    if _is_subset(dataset) and _defines_getitem(dataset, "torch.utils.data.dataset"):
        return torch_image_file(dataset.dataset, dataset.indices[row])
    if _is_concatenation(dataset) and _defines_getitem(dataset, "torch.utils.data.dataset"):
        part = bisect_right(dataset.cumulative_sizes, row)
        start = dataset.cumulative_sizes[part - 1] if part else 0
        return torch_image_file(dataset.datasets[part], row - start)
    loader = getattr(dataset, "loader", None)
    module = "torchvision.datasets.folder"
    if not _defines_getitem(dataset, module) or getattr(loader, "__module__", "") != module:
        return None
    return ImageFile(Path(dataset.samples[row][0]), dataset.transform)


def _own_names(classes: Sequence[Any], index: Mapping[Any, Any] | None, labels: set[str]) -> Names:
    """Return class names by label; empty if unsure."""
    # Some datasets list several names for a class: the first is the usual one.
    firsts = [each[0] if isinstance(each, list | tuple) and each else each for each in classes]
    names = {str(number): label_text(name) for number, name in enumerate(firsts)}
    if len(set(names.values())) < len(names):  # two classes of the same name would become one
        return {}
    if not isinstance(index, dict):
        return names if labels == names.keys() else {}
    if any(index.get(name) != number for number, name in enumerate(firsts)) or not firsts:
        names = {label_text(number): label_text(name) for name, number in index.items()}
        names = names if len(names) == len(index) else {}
    return names if labels <= names.keys() else {}


def _concatenated_names(dataset: Any, labels: Sequence[str]) -> Names | None:
    """Return the names that all parts share; refuse contradictions."""
    ends = [0, *dataset.cumulative_sizes]
    found = [
        torch_class_names(part, labels[start:end])
        for part, start, end in zip(dataset.datasets, ends, ends[1:], strict=False)
    ]
    if all(names is None for names in found):
        return None
    shared: Names = {}
    for names in found:
        for label, name in (names or {}).items():
            if shared.setdefault(label, name) != name:
                raise DataError(
                    f"The parts of a ConcatDataset must name the label {label} equally (got "
                    f"{shared[label]!r} and {name!r}). Give all parts the same classes in the same order."
                )
    return shared if all(found) else {}


def _is_subset(dataset: Any) -> bool:
    return hasattr(dataset, "indices") and hasattr(dataset, "dataset")


def _is_concatenation(dataset: Any) -> bool:
    return hasattr(dataset, "datasets") and hasattr(dataset, "cumulative_sizes")


def _defines_getitem(dataset: Any, module: str) -> bool:
    """Return whether a class of this module, and no subclass, defines ``__getitem__``."""
    return bool(getattr(type(dataset).__getitem__, "__module__", "") == module)
