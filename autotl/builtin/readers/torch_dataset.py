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
    class_names,
    depth_of,
    image_file,
    image_of,
    is_array,
    kept_labels,
    label_text,
    label_texts,
    no_columns,
    open_image,
    scale_of,
    upright_rgb,
)
from autotl.errors import DataError

_PROBES = 8
_UNUSED = (
    "The names in `classes` of the torch Dataset do not belong to its labels for certain, "
    "so the classes are called by their labels."
)


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
        # refuses what are no pixels; their scale is decided when all images are read
        scale_of(as_array(image) for image, _ in seen.values() if is_array(image))
        kept = kept_labels(source)
        fits = kept is not None and all(
            label_text(kept[row]) == label_text(label) for row, (_, label) in seen.items()
        )
        labels = kept if kept is not None and fits else [pairs[row][1] for row in range(len(pairs))]
        names = [f"image {row}" for row in range(len(pairs))]
        texts = label_texts(labels, places=names)
        known = class_names(source, texts)
        if known and kept is not None and not fits:
            known = {}  # the labels are not those that the names were made for
        unused = known is not None and not known
        known = known or {}
        return Listing(
            [
                Item(name, known.get(text, text), partial(pairs.image, row))
                for row, (name, text) in enumerate(zip(names, texts, strict=True))
            ],
            (_UNUSED,) if unused else (),
        )

    def images(self, source: object, columns: Columns) -> list[tuple[str, Callable[[], Image.Image]]]:
        """List images, which the dataset may give with a label or alone."""
        pairs = _Pairs(source)
        return [(f"image {row}", partial(pairs.image, row)) for row in range(len(pairs))]


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

    def image(self, row: int) -> Image.Image:
        file = image_file(self._dataset, row)
        if file is None:
            image = self._alone(row)
        else:  # torchvision turns no image upright and cuts 16 bits off at 255
            image = open_image(file.path)
            if file.transform is not None:
                if depth_of(image) is not None:
                    raise DataError(
                        "it has more than 8 bits, which a transform would scale image by image. Give the "
                        "folder itself, or a dataset without transform"
                    )
                with self._lock:
                    image = file.transform(image)
        return upright_rgb(image) if isinstance(image, Image.Image) else image_of(image)

    def _alone(self, row: int) -> Any:
        """The image of a row, which may have no label."""
        with self._lock:
            given = self._dataset[row]
        return given if isinstance(given, Image.Image) or is_array(given) else self[row][0]

    def __reduce__(self) -> tuple[type[_Pairs], tuple[Any]]:
        return _Pairs, (self._dataset,)


def _shape(pair: object) -> str:
    return f"{len(pair)} things" if isinstance(pair, tuple | list) else type(pair).__name__


def _same(one: Any, other: Any) -> bool:
    first, second = (as_array(each) if is_array(each) else np.asarray(each) for each in (one, other))
    return np.array_equal(first, second, equal_nan=True)


@hookimpl
def autotl_readers() -> list[Reader]:
    return [TorchDataset()]
