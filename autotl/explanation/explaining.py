"""Explain the predictions of a result, image by image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from autotl.data import (
    UnlabelledImage,
    failure_reason,
    prediction_images,
    upright_rgb,
    without_pillow_warnings,
)
from autotl.errors import ExplanationError
from autotl.evaluation.number_text import significant
from autotl.explanation.attribution import Attribution, attribution_of
from autotl.explanation.explanations import Explanation, Explanations
from autotl.explanation.overlay import overlay
from autotl.export.checking.run_images import images_of_part, seed_of
from autotl.modalities import modality_of
from autotl.results import EnsemblePredictor, Predictor

if TYPE_CHECKING:
    from autotl.results import Result


def explain(result: Result, n: int, *, images: Any, image: str | None) -> Explanations:
    """Explain some images; see :meth:`autotl.results.Result.explain`.

    Args:
        result: The result of a run.
        n: How many images are explained.
        images: The images; None for test images of the run.
        image: The column of a table that holds the images.

    Raises:
        DataError: There is no image, or the images of the run are no longer there.
        ExplanationError: The network has no layer with positions, or no image can be read.
    """
    predictor = result.predictor
    explainer = _Explainer(predictor)
    found, unreadable = list[Explanation](), list[str]()
    with without_pillow_warnings():
        for picture in islice(_pictures(result, images, image), n):
            try:
                pixels = explainer.views(picture)
            except Exception as error:  # decoders raise anything for files that are no images
                unreadable.append(f"{picture.name} ({failure_reason(error).removesuffix('.')})")
                continue
            found.append(explainer.explained(picture.name, pixels))
    attribution = explainer.attribution
    if attribution is None:
        first = unreadable[0] if unreadable else "no image"
        raise ExplanationError(f"An image that can be read must be given (got {first}).")
    return Explanations(
        tuple(found), attribution.method, attribution.layer.name, _notes(predictor), tuple(unreadable)
    )


def _pictures(result: Result, images: Any, image: str | None) -> Iterator[UnlabelledImage]:
    predictor = result.predictor
    if images is None:
        # by name, the first images would often have the same class
        return iter(images_of_part(result, "test", predictor.target).shuffled(seed_of(result)).images)
    return prediction_images(images, readers=result.installed.readers, image=image, scale=predictor.scale)


def _notes(predictor: Predictor | EnsemblePredictor) -> tuple[str, ...]:
    notes = []
    if isinstance(predictor, EnsemblePredictor):
        notes.append(
            f"The heat belongs to the network with the largest share, of {len(predictor.members)} networks."
        )
    if predictor.target.spec.kind == "regression" and predictor.target.spec.outputs > 1:
        notes.append(f"The heat belongs to the first number, {predictor.target.spec.names[0]}.")
    return tuple(notes)


@dataclass(slots=True)
class _Shown:
    """The output that is explained, and its label."""

    output: int
    label: str
    probability: float | None


class _Explainer:
    """Explains the predictions of a model by one of its networks."""

    def __init__(self, predictor: Predictor | EnsemblePredictor) -> None:
        self._predictor, self._network = predictor, _main_network(predictor)
        self._transforms = [view.transform() for view in predictor.views]
        device = str(next(self._network.model.parameters()).device)
        modality = modality_of(self._network.config)
        if "explain" not in modality.supports:
            raise ExplanationError(
                f"Only predictions of images can be explained (got a model of {modality.noun}s)."
            )
        self._device, self._normalise = device, modality.to_batch(self._network.config, device)
        self.attribution: Attribution | None = None

    def views(self, picture: UnlabelledImage) -> list[NDArray[np.uint8]]:
        """Return an image in each view of the model, uint8 (3, h, w)."""
        image = upright_rgb(picture.open(), self._predictor.scale)
        return [transform(image) for transform in self._transforms]

    def explained(self, name: str, pixels: list[NDArray[np.uint8]]) -> Explanation:
        """Return the explanation of an image; the first one chooses the layer."""
        shown = self._shown(pixels)
        keys = [view.key for view in self._predictor.views]
        own = pixels[keys.index(self._network.view.key)]
        inputs = self._normalise(torch.from_numpy(own[None]).to(self._device))
        if self.attribution is None:
            self.attribution = attribution_of(self._network.model, inputs, shown.output)
        heat = self.attribution.heat(self._network.model, inputs, shown.output)
        return Explanation(name, shown.label, shown.probability, overlay(own, heat))

    def _shown(self, pixels: list[NDArray[np.uint8]]) -> _Shown:
        target = self._predictor.target
        outputs = self._predictor.outputs_of_views([each[None] for each in pixels])
        row = target.predict(outputs)[0]
        if target.spec.kind == "regression":
            return _Shown(0, f"{target.spec.names[0]} {significant(float(row[0]))}", None)
        best = int(row.argmax())
        return _Shown(best, target.spec.names[best], float(row[best]))


def _main_network(predictor: Predictor | EnsemblePredictor) -> Predictor:
    """Return the network, or that of an ensemble with the largest share."""
    if isinstance(predictor, EnsemblePredictor):
        return predictor.members[int(np.argmax(predictor.shares))]
    return predictor
