"""Label a caller's images in batches, and put the predictions into tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.api import Dataset, PixelScale, Reader, Target
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
from autotl.results.csv_text import join_columns

if TYPE_CHECKING:
    import pandas as pd
else:  # slow to import, and only tables need it
    pd = lazy_module("pandas")

ViewedImages = Sequence[NDArray[np.uint8]]
"""The same images in each view, uint8 (n, 3, h, w)."""
BATCH_SIZE = 64
"""Images that are decoded at once."""
MAX_NAMED_ERRORS = 3
"""Most unreadable images that an error names."""


@dataclass(frozen=True, slots=True)
class PredictionOptions:
    """The content of a table of predictions.

    Attributes:
        top: Number of most probable classes, a row each; None for one row without its rank.
        probabilities: Whether each class has a column ``p:NAME``.
        strict: Whether an unreadable image raises DataError.
        image: The column of a table that holds the images; None to find it as ``fit`` does.
        readers: Returns the readers of other forms than folders, zips and images, by name.
    """

    top: int | None = None
    probabilities: bool = False
    strict: bool = False
    image: str | None = None
    readers: Callable[[], Mapping[str, Reader]] = field(default=dict)


class ImageModel(Protocol):
    """A network or an ensemble, with a target and views of images."""

    target: Target
    scale: PixelScale | None

    @property
    def views(self) -> tuple[View, ...]: ...

    def outputs_of_views(self, images: ViewedImages) -> NDArray[np.float32]:
        """Return the outputs (n, k) of images in each of the views."""
        ...


def prediction_table(images: Any, model: ImageModel, options: PredictionOptions) -> pd.DataFrame:
    """Concatenate the tables of :func:`prediction_tables`; frames and series keep their index.

    Args:
        images: The images, as for :func:`autotl.data.prediction_images`.
        model: Labels the images.
        options: The content of the table.
    """
    table = pd.concat(list(prediction_tables(images, model, options)), ignore_index=True)
    index = getattr(images, "index", None)
    if isinstance(index, pd.Index):
        first_rows = table["rank"] == 1 if "rank" in table else pd.Series(True, index=table.index)
        if first_rows.sum() == len(index):  # a folder in a series has several images
            table.index = index.take(first_rows.cumsum().to_numpy() - 1)
    return table


def prediction_tables(images: Any, model: ImageModel, options: PredictionOptions) -> Iterator[pd.DataFrame]:
    """Yield tables with a row per image: ``path``, ``label``, ``probability`` and ``error``.

    With ``top``, each of the k most probable classes has a row, with its ``rank``. An unreadable image has
    one row without a label, with the reason in ``error``.

    Args:
        images: The images, as for :func:`autotl.data.prediction_images`.
        model: Labels the images.
        options: The content of the tables.

    Raises:
        DataError: There is no image, or none can be read; with ``strict``, one cannot be read.
    """
    pictures = iter(
        prediction_images(images, readers=options.readers, image=options.image, scale=model.scale)
    )
    transforms = [view.transform() for view in model.views]
    readable, unreadable, examples = 0, 0, list[str]()
    while batch := list(islice(pictures, BATCH_SIZE)):
        viewed, errors = _view_images(batch, transforms, model.scale, strict=options.strict)
        broken = [f"{picture.name} ({why})" for picture, why in zip(batch, errors, strict=True) if why]
        unreadable += len(broken)
        readable += len(errors) - len(broken)
        examples += broken[:MAX_NAMED_ERRORS]
        probabilities = _probabilities(model, viewed, errors)
        yield _table(
            [picture.name for picture in batch], errors, probabilities, model.target.spec.names, options
        )
    if not readable and not unreadable:
        raise DataError("There is nothing to predict on: no image was given.")
    if not readable:
        raise DataError(f"No image can be read: {_list_examples(examples, unreadable)}.")


def label_indices(dataset: Dataset, classes: Sequence[str]) -> NDArray[np.int64]:
    """Return a data set's labels as indices (n,) into a model's classes.

    A number may be spelled differently, for instance 7 and 007, if no two classes are the same number. Raises
    DataError for classes that the model does not know.
    """
    numbers = {_number(name): name for name in classes}
    matched = [
        name if name in classes or len(numbers) < len(classes) else numbers.get(_number(name), name)
        for name in dataset.classes
    ]
    unknown = sorted(set(matched) - set(classes))
    if unknown:
        raise DataError(
            f"The data has classes that the model does not know: {', '.join(unknown[:5])}. "
            f"It knows {', '.join(classes[:10])}{', …' if len(classes) > 10 else ''}."
        )
    index = np.array([classes.index(name) for name in matched])
    found: NDArray[np.int64] = index[dataset.targets]
    return found


def _number(name: str) -> int | str:
    """Return the number that a class name spells, or the name."""
    return int(name) if re.fullmatch(r"[-+]?[0-9]{1,100}", name) else name


def _view_images(
    pictures: Sequence[UnlabelledImage],
    transforms: Sequence[Callable[[Image.Image], NDArray[np.uint8]]],
    scale: PixelScale | None,
    *,
    strict: bool,
) -> tuple[ViewedImages, list[str]]:
    """Return readable images in each view, and each image's error.

    At most one image is held at full size.
    """
    views: list[list[NDArray[np.uint8]]] = [[] for _ in transforms]
    errors = []
    with without_pillow_warnings():
        for picture in pictures:
            try:
                image = upright_rgb(picture.open(), scale)
                viewed = [transform(image) for transform in transforms]
            except Exception as error:  # decoders raise anything for files that are no images
                errors.append(failure_reason(error).removesuffix("."))
                if strict:
                    raise DataError(f"{picture.name} cannot be read: {errors[-1]}.") from error
                continue
            errors.append("")
            for view, pixels in zip(views, viewed, strict=True):
                view.append(pixels)
    return [np.stack(view) for view in views if view], errors


def _probabilities(model: ImageModel, viewed: ViewedImages, errors: Sequence[str]) -> NDArray[np.float64]:
    """Return class probabilities (images, classes); NaN for unreadable images."""
    classes = model.target.spec.outputs
    readable = np.array([not why for why in errors])
    outputs = model.outputs_of_views(viewed) if readable.any() else np.zeros((0, classes), np.float32)
    probabilities = np.full((len(errors), classes), np.nan)
    probabilities[readable] = model.target.predict(outputs)
    return probabilities


def _table(
    names: Sequence[str],
    errors: Sequence[str],
    probabilities: NDArray[np.float64],
    classes: Sequence[str],
    options: PredictionOptions,
) -> pd.DataFrame:
    k = min(options.top or 1, len(classes))
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]  # (images, k)
    rows = np.repeat(np.arange(len(names)), k)
    rank = np.tile(np.arange(1, k + 1), len(names))
    broken = np.array([bool(why) for why in errors])[rows]
    label = [None if bad else classes[c] for c, bad in zip(order.ravel().tolist(), broken, strict=True)]
    table = pd.DataFrame(
        {
            "path": _texts(names[row] for row in rows.tolist()),
            "rank": rank,
            "label": _texts(label),
            "probability": np.take_along_axis(probabilities, order, axis=1).ravel(),
        }
    )
    if options.probabilities:
        columns = pd.Index([f"p:{name}" for name in classes], dtype=object)
        table = join_columns(table, pd.DataFrame(probabilities[rows], columns=columns))
    table["error"] = _texts(errors[row] for row in rows.tolist())
    kept: pd.DataFrame = table.loc[~broken | (rank == 1)].reset_index(drop=True)
    return kept if options.top else kept.drop(columns="rank")


def _texts(values: Iterable[str | None]) -> pd.Series:
    # as objects, because pandas' strings reject names that are not UTF-8
    return pd.Series(list(values), dtype=object)


def _list_examples(examples: Sequence[str], count: int) -> str:
    if count <= MAX_NAMED_ERRORS:
        return join_names(examples, limit=MAX_NAMED_ERRORS)
    return f"{count} were given, first {', '.join(examples[:MAX_NAMED_ERRORS])}"
