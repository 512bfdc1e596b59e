"""Read the images a caller gives in any form, and put what a model says of them into a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.api import Dataset, PixelScale
from autotl.data import (
    View,
    as_array,
    image_of,
    images_in,
    is_array,
    open_image,
    quietly,
    reason,
    render_images,
    scale_of,
    upright_rgb,
)
from autotl.errors import DataError
from autotl.lazy import lazy_module
from autotl.train import softmax

if TYPE_CHECKING:
    import pandas as pd
else:  # slow to import, and needed only where a table is made
    pd = lazy_module("pandas")

Opener = Callable[[], Image.Image]
Seen = Sequence[NDArray[np.uint8]]
BATCH = 64  # images that are decoded at a time


def labelled(
    images: Any,
    classes: Sequence[str],
    views: Sequence[View],
    say: Callable[[Seen], NDArray[np.float32]],
    *,
    scale: PixelScale | None,
    top: int | None,
) -> pd.DataFrame:
    """One row per image: ``path``, ``label``, ``probability``; with ``top`` the k likeliest classes, a row
    each, with their ``rank``.

    ``say`` gives logits (n, classes) of images that are seen in each of the ``views``, uint8 (n, 3, h, w).
    Pixels of more than 8 bits are brought to the model's ``scale``.
    Raises DataError for what cannot be read.
    """
    names, openers = _named(images, scale)
    logits = np.concatenate(
        [
            say(_look(names[start : start + BATCH], openers[start : start + BATCH], views, scale))
            for start in range(0, len(openers), BATCH)
        ]
    )
    return _table(names, softmax(logits.astype(np.float64), axis=1), classes, top)


def indexed(dataset: Dataset, classes: Sequence[str]) -> NDArray[np.int64]:
    """The labels of a data set as indices (n,) into a model's classes.

    A number is the same class in another spelling, 7 and 007 for instance, if no two classes share it. Raises
    DataError for classes that the model does not know.
    """
    numbers = {_number(name): name for name in classes}
    called = [
        name if name in classes or len(numbers) < len(classes) else numbers.get(_number(name), name)
        for name in dataset.classes
    ]
    unknown = sorted(set(called) - set(classes))
    if unknown:
        raise DataError(
            f"The data has classes that the model does not know: {', '.join(unknown[:5])}. "
            f"It knows {', '.join(classes[:10])}{', …' if len(classes) > 10 else ''}."
        )
    index = np.array([classes.index(name) for name in called])
    found: NDArray[np.int64] = index[dataset.table["label"].to_numpy(dtype=np.int64)]
    return found


def _number(name: str) -> int | str:
    """The number that a class name is, or the name."""
    return int(name) if re.fullmatch(r"[-+]?[0-9]{1,100}", name) else name


def _look(
    names: Sequence[str], openers: Sequence[Opener], views: Sequence[View], scale: PixelScale | None
) -> Seen:
    """Images in each of the views; one at a time, so that no more than one is held at full size."""
    seen: list[list[NDArray[np.uint8]]] = [[] for _ in views]
    with quietly():
        for name, each in zip(names, openers, strict=True):
            try:
                image = upright_rgb(each(), scale)
                for parts, view in zip(seen, views, strict=True):
                    parts.append(render_images([image], view))
            except Exception as error:  # whatever a file that is no image makes its decoder raise
                raise DataError(f"{name} cannot be read: {reason(error)}.") from error
    return [np.concatenate(parts) for parts in seen]


def _table(
    names: Sequence[str], chances: NDArray[np.float64], classes: Sequence[str], top: int | None
) -> pd.DataFrame:
    k = min(top or 1, len(classes))
    order = np.argsort(-chances, axis=1, kind="stable")[:, :k]  # (images, k)
    table = pd.DataFrame(
        {
            "path": np.repeat(np.asarray(names, dtype=object), k),
            "rank": np.tile(np.arange(1, k + 1), len(names)),
            "label": [classes[c] for c in order.ravel().tolist()],
            "probability": np.take_along_axis(chances, order, axis=1).ravel(),
        }
    )
    return table if top else table.drop(columns="rank")


def _named(images: Any, scale: PixelScale | None) -> tuple[list[str], list[Opener]]:
    """What was given as names and ways to open: upright RGB images."""
    if isinstance(images, str | Path | Image.Image) or _is_one(images):
        images = [images]
    names: list[str] = []
    openers: list[Opener] = []
    own = scale_of(as_array(each) for each in images if is_array(each))
    if scale is not None:
        own = PixelScale(scale.integers or own.integers, scale.floats or own.floats)
    for position, each in enumerate(images):
        if isinstance(each, str | Path):
            for path in images_in(Path(each)):
                names.append(str(path))
                openers.append(partial(open_image, path))
        elif isinstance(each, Image.Image):
            names.append(f"image {position}")
            openers.append(partial(upright_rgb, each))
        elif is_array(each):
            names.append(f"image {position}")
            openers.append(partial(_of_array, each, own))
        else:
            raise DataError(
                f"Cannot predict on a {type(each).__name__}. Give paths, folders, PIL images or arrays."
            )
    if not names:
        raise DataError("There is nothing to predict on: no image was given.")
    return names, openers


def _of_array(value: Any, scale: PixelScale) -> Image.Image:
    return upright_rgb(image_of(value), scale)


def _is_one(images: Any) -> bool:
    """Whether an array is a single image, (h, w) or (h, w, c), and not a stack of them."""
    if not is_array(images):
        return False
    shape = tuple(images.shape)
    first = shape[0] in (1, 3, 4) and not isinstance(images, np.ndarray)  # tensors have channels first
    return len(shape) == 2 or (len(shape) == 3 and (shape[-1] in (1, 3, 4) or first))
