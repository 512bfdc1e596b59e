"""Read a torch Dataset of (image, label) pairs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, Reader
from autotl.data import (
    as_array,
    image_of,
    is_array,
    label_text,
    label_texts,
    no_columns,
    scale_of,
    upright_rgb,
)
from autotl.errors import DataError

_PROBES = 8


class TorchDataset:
    """Any map-style ``torch.utils.data.Dataset``: its images are PIL images, arrays or tensors.

    It is asked by one thread at a time, since few datasets promise to bear more.
    """

    name = "torch_dataset"
    summary = "a map-style torch.utils.data.Dataset of (image, label) pairs"

    def reads(self, source: object) -> Applies:
        bases = {f"{base.__module__}.{base.__name__}" for base in type(source).__mro__}
        if "torch.utils.data.dataset.IterableDataset" in bases:
            return Applies(False, "an IterableDataset has no order; a map-style Dataset is due")
        if "torch.utils.data.dataset.Dataset" not in bases:
            return Applies(False, "it is no torch Dataset")
        sized = hasattr(source, "__len__")
        return Applies(sized, "it is a torch Dataset" if sized else "the Dataset does not tell its length")

    def read(self, source: object, columns: Columns) -> Listing:
        no_columns(columns, "a torch Dataset")
        pairs = _Pairs(source)
        if len(pairs) == 0:
            raise DataError("The torch Dataset is empty.")
        probes = sorted({row * (len(pairs) - 1) // _PROBES for row in range(_PROBES + 1)})
        seen = {row: pairs[row] for row in probes}
        for row, (image, _) in seen.items():
            if not _same(image, pairs[row][0]):
                raise DataError(
                    f"The torch Dataset gives other pixels each time it is asked for image {row}. Take "
                    "random transforms out of it: autotl augments by itself."
                )
        arrays = [as_array(image) for image, _ in seen.values() if is_array(image)]
        scale, note = scale_of(arrays) if arrays else (1, "")
        labels = _targets(source, len(pairs))
        if labels is None or any(
            label_text(labels[row]) != label_text(label) for row, (_, label) in seen.items()
        ):
            labels = [pairs[row][1] for row in range(len(pairs))]
        names = [f"image {row}" for row in range(len(pairs))]
        texts = label_texts(labels, places=names)
        known = _class_names(source)
        return Listing(
            [
                Item(name, known.get(text, text), partial(pairs.image, row, scale))
                for row, (name, text) in enumerate(zip(names, texts, strict=True))
            ],
            (note,) if note else (),
        )


class _Pairs:
    """The pairs of a dataset, one thread at a time."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, row: int) -> tuple[Any, Any]:
        with self._lock:
            pair = self._dataset[row]
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise DataError(f"The torch Dataset gives {_shape(pair)} at {row}. A pair (image, label) is due.")
        image, label = pair
        if not isinstance(image, Image.Image) and not is_array(image):
            raise DataError(
                f"The torch Dataset gives {type(image).__name__} as image {row}. "
                "A PIL image, a NumPy array or a tensor is due."
            )
        return image, label

    def image(self, row: int, scale: Any) -> Image.Image:
        image = self[row][0]
        return upright_rgb(image) if isinstance(image, Image.Image) else image_of(image, scale)

    def __reduce__(self) -> tuple[type[_Pairs], tuple[Any]]:
        return _Pairs, (self._dataset,)


def _shape(pair: object) -> str:
    return f"{len(pair)} things" if isinstance(pair, tuple | list) else type(pair).__name__


def _same(one: Any, other: Any) -> bool:
    first, second = (as_array(each) if is_array(each) else np.asarray(each) for each in (one, other))
    return np.array_equal(first, second, equal_nan=True)


def _targets(dataset: Any, length: int) -> Sequence[Any] | None:
    """The labels a dataset keeps in a list, which spares decoding all images to learn them."""
    if hasattr(dataset, "indices") and hasattr(dataset, "dataset"):  # a Subset
        inner = _targets(dataset.dataset, len(dataset.dataset))
        return None if inner is None else [inner[row] for row in dataset.indices]
    targets = getattr(dataset, "targets", None)
    if getattr(dataset, "target_transform", None) is not None or not hasattr(targets, "__len__"):
        return None
    return list(targets) if targets is not None and len(targets) == length else None


def _class_names(dataset: Any) -> dict[str, str]:
    """Class names by index, as torchvision's datasets keep them in ``classes``."""
    while not hasattr(dataset, "classes") and hasattr(dataset, "dataset"):
        dataset = dataset.dataset
    classes = getattr(dataset, "classes", None)
    if not isinstance(classes, list | tuple):
        return {}
    # Some datasets know several names for a class: the first is the usual one.
    firsts = [each[0] if isinstance(each, list | tuple) and each else each for each in classes]
    return {str(index): label_text(name) for index, name in enumerate(firsts)}


@hookimpl
def autotl_readers() -> list[Reader]:
    return [TorchDataset()]
