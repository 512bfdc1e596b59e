"""Label images with an ensemble of networks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Dataset, InputView, ModalityName
from autotl.backbone import is_ensemble
from autotl.data import render, with_pixel_scale
from autotl.evaluation import Evaluation, evaluate
from autotl.heads import HeadKinds
from autotl.metrics import Metric
from autotl.results.by_target.labelled_targets import targets_of
from autotl.results.by_target.prediction_rows import PredictionOptions
from autotl.results.ensemble_folder import LoadedEnsemble, load_ensemble
from autotl.results.model_folder import load_model
from autotl.results.predictions import ViewedImages, prediction_table
from autotl.results.predictor import CHUNK_SIZE, Predictor
from autotl.targets import target_of

if TYPE_CHECKING:
    import pandas as pd


class EnsemblePredictor:
    """Several networks with averaged predictions, each with its own view.

    The prediction of the ensemble's outputs is the mean of the predictions, at the temperature.
    """

    def __init__(self, loaded: LoadedEnsemble, *, device: str) -> None:
        self.members = tuple(Predictor(each, device=device) for each in loaded.members)
        self.shares, self.temperature = loaded.shares, loaded.temperature
        self.target, self.classes = target_of(loaded.target.in_units), loaded.target.names
        self.modality: ModalityName = self.members[0].modality
        self.scale, self.intervals = loaded.members[0].scale, loaded.intervals
        self._views: dict[str, InputView] = {each.view.key: each.view for each in self.members}

    @property
    def views(self) -> tuple[InputView, ...]:
        """The views in which the members see an image."""
        return tuple(self._views.values())

    def predict(self, images: Any, *, top: int | None = None) -> pd.DataFrame:
        """Label images; see :meth:`autotl.results.Result.predict`."""
        return prediction_table(images, self, PredictionOptions(top=top))

    def outputs(self, dataset: Dataset, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the outputs (rows, k) of a data set's rows."""
        parts = []
        for start in range(0, len(rows), CHUNK_SIZE):
            own = rows[start : start + CHUNK_SIZE]
            parts.append(self.outputs_of_views([render(dataset, own, view) for view in self._views.values()]))
        return np.concatenate(parts)

    def evaluate(self, dataset: Dataset, *, metric: str | Metric, seed: int) -> Evaluation:
        """Score the model on labelled images.

        Args:
            dataset: The images.
            metric: The metric or its name.
            seed: Draws the bootstrap samples.

        Raises:
            DataError: The data has another kind of target, or names that the model does not know.
        """
        targets, dataset = targets_of(dataset, self.target.spec), with_pixel_scale(dataset, self.scale)
        outputs = self.outputs(dataset, np.arange(len(dataset)))
        return evaluate(targets, outputs, self.target, metric=metric, seed=seed, intervals=self.intervals)

    def outputs_of_views(self, images: ViewedImages) -> NDArray[np.float32]:
        """Return the outputs (n, k) of images in each of the views."""
        pixels = dict(zip(self._views, images, strict=True))
        several = [_in_units(member, member.outputs_of(pixels[member.view.key])) for member in self.members]
        found: NDArray[np.float32] = self.target.combine(several, self.shares) / np.float32(self.temperature)
        return found


def _in_units(member: Predictor, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return outputs in the user's units: a head that cannot be scaled has standardised ones."""
    return member.target.predict(outputs).astype(np.float32) if member.target.spec.scales else outputs


def load_predictor(
    folder: Path, *, device: str, heads: Callable[[], HeadKinds] = HeadKinds, single_pass: bool = False
) -> Predictor | EnsemblePredictor:
    """Load a model folder: a network, or an ensemble.

    Args:
        folder: The model folder.
        device: Runs the networks.
        heads: Returns the kinds of heads that are not linear; called if a network has such a head.
        single_pass: Whether predictions are never averaged over mirror images.

    Raises:
        RunError: The folder is no model folder, is damaged, or needs a plugin that is not installed.
    """
    if is_ensemble(folder):
        return EnsemblePredictor(load_ensemble(folder, heads=heads), device=device)
    loaded = load_model(folder, heads=heads)
    return Predictor(replace(loaded, tta=loaded.tta and not single_pass), device=device)
