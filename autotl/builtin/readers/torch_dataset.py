"""Read a torch Dataset of (image, label) pairs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, Reader
from autotl.data import (
    as_array,
    deep_values_of,
    image_from_array,
    is_array,
    is_list,
    label_text,
    open_image,
    read_labels,
    refuse_columns,
    scale_of_arrays,
    torch_class_names,
    torch_image_file,
    torch_labels,
    upright_rgb,
)
from autotl.errors import DataError

_PROBED_ROWS = 8  # besides the first
_UNUSED_NAMES = (
    "The names in `classes` of the torch Dataset may not belong to its labels, so the labels are used as "
    "class names."
)


class TorchDataset:
    """Reads a map-style ``torch.utils.data.Dataset`` of PIL images, arrays or tensors.

    Only one thread at a time reads the dataset, because few datasets are thread-safe.
    """

    name = "torch_dataset"
    summary = "a map-style torch.utils.data.Dataset of (image, label) pairs"

    def reads(self, source: object) -> Applies:
        bases = {f"{base.__module__}.{base.__name__}" for base in type(source).__mro__}
        if "torch.utils.data.dataset.IterableDataset" in bases:
            return Applies(False, "an IterableDataset has no order: give a map-style Dataset")
        if "torch.utils.data.dataset.Dataset" not in bases:
            return Applies(False, "it is no torch Dataset")
        sized = hasattr(source, "__len__")
        return Applies(sized, "it is a torch Dataset" if sized else "the Dataset has no length")

    def read(self, source: object, columns: Columns) -> Listing:
        refuse_columns(columns, "a torch Dataset")
        pairs = _Pairs(source)
        if len(pairs) == 0:
            raise DataError("The torch Dataset must not be empty. Give one with images.")
        probed = _probe(pairs)
        kept = torch_labels(source)
        kept_match = kept is not None and all(
            _label_key(kept[row]) == _label_key(label) for row, (_, label) in probed.items()
        )
        labels = kept if kept is not None and kept_match else [pairs[row][1] for row in range(len(pairs))]
        names = [f"image {row}" for row in range(len(pairs))]
        targets = read_labels(labels, row_names=names, kind=columns.target)
        if targets.spec is not None:
            items = [
                Item(name, target, partial(pairs.image, row))
                for row, (name, target) in enumerate(zip(names, targets.values, strict=True))
            ]
            return Listing(items, targets.notes, targets.spec)
        texts = list(map(str, targets.values))
        classes = torch_class_names(source, texts)
        if classes and kept is not None and not kept_match:
            classes = {}  # the names belong to other labels
        notes = (_UNUSED_NAMES,) if classes is not None and not classes else ()
        by_label = classes or {}
        return Listing(
            [
                Item(name, by_label.get(text, text), partial(pairs.image, row))
                for row, (name, text) in enumerate(zip(names, texts, strict=True))
            ],
            (*targets.notes, *notes) if not by_label else notes,
        )

    def images(self, source: object, columns: Columns) -> list[tuple[str, Callable[[], Image.Image]]]:
        """List the images of a dataset with or without labels."""
        pairs = _Pairs(source)
        return [(f"image {row}", partial(pairs.image, row)) for row in range(len(pairs))]


class _Pairs:
    """The pairs of a dataset, read by one thread at a time."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, row: int) -> tuple[Any, Any]:
        with self._lock:
            pair = self._dataset[row]
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise DataError(
                f"The items of a torch Dataset must be pairs (image, label) (got {_kind(pair)} at {row})."
            )
        image, label = pair
        if not isinstance(image, Image.Image) and not is_array(image):
            raise DataError(
                f"The images of a torch Dataset must be PIL images, arrays or tensors (got a "
                f"{type(image).__name__} as image {row})."
            )
        return image, label

    def image(self, row: int) -> Image.Image:
        file = torch_image_file(self._dataset, row)
        if file is None:
            image = self._alone(row)
        else:  # torchvision ignores EXIF rotation and clips 16 bits at 255
            image = open_image(file.path)
            if file.transform is not None:
                if deep_values_of(image) is not None:
                    raise DataError(
                        "it has more than 8 bits, and a transform would scale each image by itself. Give the "
                        "folder itself, or a dataset without transform"
                    )
                with self._lock:
                    image = file.transform(image)
        return upright_rgb(image) if isinstance(image, Image.Image) else image_from_array(image)

    def _alone(self, row: int) -> Any:
        """Return the image of a row, which may have no label."""
        with self._lock:
            item = self._dataset[row]
        return item if isinstance(item, Image.Image) or is_array(item) else self[row][0]

    def __reduce__(self) -> tuple[type[_Pairs], tuple[Any]]:
        return _Pairs, (self._dataset,)


def _probe(pairs: _Pairs) -> dict[int, tuple[Any, Any]]:
    """Read some pairs; refuse random images and invalid pixels."""
    rows = sorted({row * (len(pairs) - 1) // _PROBED_ROWS for row in range(_PROBED_ROWS + 1)})
    probed = {row: pairs[row] for row in rows}
    for row, (image, _) in probed.items():
        if not _equal(image, pairs[row][0]):
            raise DataError(
                f"The torch Dataset must return the same pixels each time (got others for image {row}). "
                "Remove random transforms: autotl augments images itself."
            )
    # the scale is chosen when all images are read
    scale_of_arrays(as_array(image) for image, _ in probed.values() if is_array(image))
    return probed


def _label_key(label: Any) -> Any:
    """Return a value by which stored labels are compared with those of the pairs."""
    if is_list(label):
        return tuple(_label_key(each) for each in label)
    try:
        return label_text(label)
    except DataError:  # a number that is not whole
        return str(label.item() if hasattr(label, "item") else label)


def _kind(item: object) -> str:
    return f"{len(item)} values" if isinstance(item, tuple | list) else f"a {type(item).__name__}"


def _equal(image: Any, other: Any) -> bool:
    first, second = (as_array(each) if is_array(each) else np.asarray(each) for each in (image, other))
    return np.array_equal(first, second, equal_nan=True)


@hookimpl
def autotl_readers() -> list[Reader]:
    return [TorchDataset()]
