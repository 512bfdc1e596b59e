"""Label the images a caller gives, part by part, and put what a model says of them into tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.api import Dataset, PixelScale, Reader
from autotl.data import (
    UnlabelledImage,
    View,
    failure_reason,
    join_names,
    prediction_images,
    upright_rgb,
    without_pillow_warnings,
)
from autotl.errors import DataError
from autotl.importing.lazy import lazy_module
from autotl.metrics import softmax

if TYPE_CHECKING:
    import pandas as pd
else:  # slow to import, and needed only where a table is made
    pd = lazy_module("pandas")

Seen = Sequence[NDArray[np.uint8]]
BATCH = 64  # images that are decoded at a time


@dataclass(frozen=True, slots=True)
class Asked:
    """What the table of predictions is to hold.

    Attributes:
        top: the number of likeliest classes, a row each; None for one row without its rank.
        probabilities: whether each class has a column ``p:NAME``.
        strict: whether an image that cannot be read raises DataError.
        image: the column of a table that holds the images; None to find it as ``fit`` does.
        readers: gives the readers of other forms than folders, zips and images, by name.
    """

    top: int | None = None
    probabilities: bool = False
    strict: bool = False
    image: str | None = None
    readers: Callable[[], Mapping[str, Reader]] = field(default=dict)


class Labeller(Protocol):
    """A network, or several, with the names of its classes and the ways in which it sees an image."""

    classes: tuple[str, ...]
    scale: PixelScale | None

    @property
    def views(self) -> tuple[View, ...]: ...

    def say(self, seen: Seen) -> NDArray[np.float32]:
        """Logits (n, classes) of images that are seen in each of the views, uint8 (n, 3, h, w)."""
        ...


def labelled(images: Any, model: Labeller, asked: Asked) -> pd.DataFrame:
    """One table of all parts of :func:`labelled_parts`; of a frame, with its index."""
    parts = list(labelled_parts(images, model, asked))
    table = pd.concat(parts, ignore_index=True)
    if hasattr(images, "columns") and hasattr(images, "index"):
        times = table["rank"] == 1 if "rank" in table else pd.Series(True, index=table.index)
        table.index = images.index.take(times.cumsum().to_numpy() - 1)
    return table


def labelled_parts(images: Any, model: Labeller, asked: Asked) -> Iterator[pd.DataFrame]:
    """Tables of one row per image, for some images after the other: ``path``, ``label``, ``probability`` and
    ``error``; with ``top`` the k likeliest classes, a row each, with their ``rank``.

    An image that cannot be read has one row, without a label, and ``error`` says why.

    Args:
        images: what :func:`autotl.data.prediction_images` takes.
        model: what labels them.
        asked: what the tables are to hold.

    Raises:
        DataError: if there is no image, if none can be read, for what is no image, and with ``strict`` for an
            image that cannot be read.
    """
    found = iter(prediction_images(images, readers=asked.readers, image=asked.image, scale=model.scale))
    looks = [view.transform() for view in model.views]
    classes = model.classes
    good, bad, told = 0, 0, list[str]()
    while some_pictures := list(islice(found, BATCH)):
        seen, errors = _look(some_pictures, looks, model.scale, strict=asked.strict)
        bad += len(broken := [why for why in errors if why])
        good += len(errors) - len(broken)
        told += [f"{each.name} ({why})" for each, why in zip(some_pictures, errors, strict=True) if why][:3]
        logits = model.say(seen) if len(broken) < len(errors) else np.zeros((0, len(classes)), np.float32)
        chances = np.full((len(errors), len(classes)), np.nan)
        chances[[not why for why in errors]] = softmax(logits.astype(np.float64), axis=1)
        yield _table([each.name for each in some_pictures], errors, chances, classes, asked)
    if not good and not bad:
        raise DataError("There is nothing to predict on: no image was given.")
    if not good:
        raise DataError(f"No image can be read: {_of_all(told, bad)}.")


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
    pictures: Sequence[UnlabelledImage],
    looks: Sequence[Callable[[Image.Image], NDArray[np.uint8]]],
    scale: PixelScale | None,
    *,
    strict: bool,
) -> tuple[Seen, list[str]]:
    """The readable images in each of the views, and for every image why it cannot be read, or "".

    No more than one image is held at full size.
    """
    seen: list[list[NDArray[np.uint8]]] = [[] for _ in looks]
    errors = []
    with without_pillow_warnings():
        for each in pictures:
            try:
                image = upright_rgb(each.open(), scale)
                shown = [look(image) for look in looks]
            except Exception as error:  # whatever a file that is no image makes its decoder raise
                errors.append(failure_reason(error).removesuffix("."))
                if strict:
                    raise DataError(f"{each.name} cannot be read: {errors[-1]}.") from error
                continue
            errors.append("")
            for parts, one in zip(seen, shown, strict=True):
                parts.append(one)
    return [np.stack(parts) for parts in seen if parts], errors


def _table(
    names: Sequence[str],
    errors: Sequence[str],
    chances: NDArray[np.float64],
    classes: Sequence[str],
    asked: Asked,
) -> pd.DataFrame:
    k = min(asked.top or 1, len(classes))
    order = np.argsort(-chances, axis=1, kind="stable")[:, :k]  # (images, k)
    rows = np.repeat(np.arange(len(names)), k)
    rank = np.tile(np.arange(1, k + 1), len(names))
    broken = np.array([bool(why) for why in errors])[rows]
    label = [None if bad else classes[c] for c, bad in zip(order.ravel().tolist(), broken, strict=True)]
    table = pd.DataFrame(
        {
            "path": _texts(names[row] for row in rows.tolist()),
            "rank": rank,
            "label": _texts(label),
            "probability": np.take_along_axis(chances, order, axis=1).ravel(),
        }
    )
    if asked.probabilities:
        shares = pd.DataFrame(
            chances[rows], columns=pd.Index([f"p:{name}" for name in classes], dtype=object)
        )
        table = pd.concat([table, shares], axis=1)
    table["error"] = _texts(errors[row] for row in rows.tolist())
    kept: pd.DataFrame = table.loc[~broken | (rank == 1)].reset_index(drop=True)
    return kept if asked.top else kept.drop(columns="rank")


def _texts(values: Iterable[str | None]) -> pd.Series:
    # as objects: pandas' own strings refuse names that are not UTF-8
    return pd.Series(list(values), dtype=object)


def _of_all(told: Sequence[str], count: int) -> str:
    return (
        f"{join_names(told, limit=3)}" if count <= 3 else f"{count} were given, first {', '.join(told[:3])}"
    )
