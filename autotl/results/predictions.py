"""Label a caller's images in batches, and put the predictions into tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from autotl.api import (
    UNNAMED_MODALITY,
    InputView,
    Modality,
    NamedInput,
    PixelScale,
    PredictionIntervals,
    Target,
)
from autotl.data import (
    failure_reason,
    join_names,
    without_pillow_warnings,
)
from autotl.errors import DataError
from autotl.importing.lazy import lazy_module
from autotl.modalities import modality_named
from autotl.results.by_target.prediction_rows import PredictionOptions, check_options, prediction_rows

if TYPE_CHECKING:
    import pandas as pd
else:  # slow to import, and only tables need it
    pd = lazy_module("pandas")

ViewedImages = Sequence[NDArray[Any]]
"""The same images in each view, uint8 (n, 3, h, w)."""
BATCH_SIZE = 64
"""Images that are decoded at once."""
MAX_NAMED_ERRORS = 3
"""Most unreadable images that an error names."""


class ImageModel(Protocol):
    """A network or an ensemble, with a target and views.

    A model of other inputs than images has their kind in ``modality``.
    """

    target: Target
    scale: PixelScale | None
    intervals: PredictionIntervals | None

    @property
    def views(self) -> tuple[InputView, ...]: ...

    def outputs_of_views(self, images: ViewedImages) -> NDArray[np.float32]:
        """Return the outputs (n, k) of images in each of the views."""
        ...


def modality_of_model(model: ImageModel) -> Modality:
    """Return the kind of inputs that a model takes."""
    return modality_named(getattr(model, "modality", UNNAMED_MODALITY))


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
    """Yield tables with a row per image: ``path``, its prediction and ``error``.

    A class is in ``label`` and ``probability``. Several labels are in ``labels``, if their probability is
    above 0.5, joined by ``;``. Numbers have a column each, with its prediction interval. With ``top``, each
    image has k rows: its most probable classes or labels, by ``rank``. An unreadable image has one row
    without a prediction, with the reason in ``error``.

    Args:
        images: The images, as for :func:`autotl.data.prediction_images`.
        model: Labels the images.
        options: The content of the tables.

    Raises:
        DataError: There is no image, or none can be read; with ``strict``, one cannot be read. An option does
            not fit the kind of target.
    """
    check_options(options, model.target.spec)
    modality = modality_of_model(model)
    listed = modality.list_inputs(images, readers=options.readers, column=options.image, scale=model.scale)
    pictures = iter(listed)
    transforms = [view.transform() for view in model.views]
    readable, unreadable, examples = 0, 0, list[str]()
    while batch := list(islice(pictures, BATCH_SIZE)):
        viewed, errors = _view_images(batch, transforms, strict=options.strict)
        broken = [f"{picture.name} ({why})" for picture, why in zip(batch, errors, strict=True) if why]
        unreadable += len(broken)
        readable += len(errors) - len(broken)
        examples += broken[:MAX_NAMED_ERRORS]
        yield prediction_rows(
            [picture.name for picture in batch],
            errors,
            _predictions(model, viewed, errors),
            model.target.spec,
            options,
            model.intervals,
        )
    if not readable and not unreadable:
        raise DataError(f"There is nothing to predict on: no {modality.noun} was given.")
    if not readable:
        raise DataError(f"No {modality.noun} can be read: {_list_examples(examples, unreadable)}.")


def _view_images(
    pictures: Sequence[NamedInput],
    transforms: Sequence[Callable[[Any], NDArray[Any]]],
    *,
    strict: bool,
) -> tuple[ViewedImages, list[str]]:
    """Return readable images in each view, and each image's error.

    At most one image is held at full size.
    """
    views: list[list[NDArray[Any]]] = [[] for _ in transforms]
    errors = []
    with without_pillow_warnings():
        for picture in pictures:
            try:
                image = picture.open()
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


def _predictions(model: ImageModel, viewed: ViewedImages, errors: Sequence[str]) -> NDArray[np.float64]:
    """Return predictions (images, k); NaN for unreadable images."""
    width = model.target.spec.outputs
    readable = np.array([not why for why in errors])
    outputs = model.outputs_of_views(viewed) if readable.any() else np.zeros((0, width), np.float32)
    found = np.full((len(errors), width), np.nan)
    found[readable] = model.target.predict(outputs)
    return found


def _list_examples(examples: Sequence[str], count: int) -> str:
    if count <= MAX_NAMED_ERRORS:
        return join_names(examples, limit=MAX_NAMED_ERRORS)
    return f"{count} were given, first {', '.join(examples[:MAX_NAMED_ERRORS])}"
