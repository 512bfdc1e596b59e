"""Label images with several networks that answer together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Dataset
from autotl.backbone import is_ensemble
from autotl.data import View, render, with_pixel_scale
from autotl.evaluation import Evaluation, evaluate, mixture
from autotl.metrics import Metric
from autotl.results.ensemble_folder import OpenedEnsemble, open_ensemble
from autotl.results.labelling import Asked, Seen, indexed, labelled
from autotl.results.model_folder import open_model
from autotl.results.predictor import CHUNK, Predictor

if TYPE_CHECKING:
    import pandas as pd


class EnsemblePredictor:
    """Several networks whose probabilities are averaged; each looks at images in its own way.

    What they say together is given as logits too: softmax of them is the mean, at its temperature.
    """

    def __init__(self, opened: OpenedEnsemble, *, device: str) -> None:
        self.members = tuple(Predictor(each, device=device) for each in opened.members)
        self.shares, self.temperature = opened.shares, opened.temperature
        self.classes, self.scale = opened.classes, opened.members[0].scale
        self._views: dict[str, View] = {each.view.key: each.view for each in self.members}

    @property
    def views(self) -> tuple[View, ...]:
        """The ways in which its members see an image."""
        return tuple(self._views.values())

    def predict(self, images: Any, *, top: int | None = None) -> pd.DataFrame:
        """Label images; see :meth:`autotl.results.Result.predict`."""
        return labelled(images, self, Asked(top=top))

    def logits(self, dataset: Dataset, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits (rows, classes) of a data set's rows."""
        parts = []
        for start in range(0, len(rows), CHUNK):
            own = rows[start : start + CHUNK]
            parts.append(self.say([render(dataset, own, view) for view in self._views.values()]))
        return np.concatenate(parts)

    def evaluate(self, dataset: Dataset, *, measure: str | Metric, seed: int) -> Evaluation:
        """Score the model on labelled images. Raises DataError for classes it does not know."""
        labels, dataset = indexed(dataset, self.classes), with_pixel_scale(dataset, self.scale)
        logits = self.logits(dataset, np.arange(len(dataset)))
        return evaluate(labels, logits, self.classes, measure=measure, seed=seed)

    def say(self, seen: Seen) -> NDArray[np.float32]:
        """Logits (n, classes) of images, seen in each of the views."""
        pixels = dict(zip(self._views, seen, strict=True))
        each = [member.logits_of(pixels[member.view.key]) for member in self.members]
        found: NDArray[np.float32] = mixture(each, self.shares) / np.float32(self.temperature)
        return found


def open_predictor(folder: Path, *, device: str) -> Predictor | EnsemblePredictor:
    """What is in a model folder: a network, or several. Raises RunError where it is none or damaged."""
    if is_ensemble(folder):
        return EnsemblePredictor(open_ensemble(folder), device=device)
    return Predictor(open_model(folder), device=device)
