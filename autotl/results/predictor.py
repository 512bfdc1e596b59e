"""Label images with a trained model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autotl.api import DataConfig, Dataset
from autotl.data import render, view_of, with_pixel_scale
from autotl.evaluation import Evaluation, evaluate
from autotl.metrics import Metric
from autotl.results.by_target.labelled_targets import targets_of
from autotl.results.by_target.prediction_rows import PredictionOptions
from autotl.results.model_folder import LoadedModel
from autotl.results.predictions import ViewedImages, prediction_table
from autotl.targets import target_of
from autotl.training import microbatch_size, to_device

if TYPE_CHECKING:
    import pandas as pd

CHUNK_SIZE = 256
"""Images that are decoded at once."""


class Predictor:
    """A network with its view of images and its target."""

    def __init__(self, loaded: LoadedModel, *, device: str) -> None:
        self.model: nn.Module = to_device(loaded.model, device).eval()
        self.target, self.classes = target_of(loaded.target), loaded.target.names
        self.config: DataConfig = loaded.config
        self._device = device
        self.view = view_of(loaded.config, input_size=loaded.config.input_size)
        self.scale, self.intervals = loaded.scale, loaded.intervals
        self.views = (self.view,)

    def predict(self, images: Any, *, top: int | None = None) -> pd.DataFrame:
        """Label images; see :meth:`autotl.results.Result.predict`."""
        return prediction_table(images, self, PredictionOptions(top=top))

    def outputs_of_views(self, images: ViewedImages) -> NDArray[np.float32]:
        """Return the outputs (n, k) of images in the network's only view."""
        return self.outputs_of(images[0])

    def outputs(self, dataset: Dataset, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the outputs (rows, k) of a data set's rows."""
        parts = [
            self.outputs_of(render(dataset, rows[start : start + CHUNK_SIZE], self.view))
            for start in range(0, len(rows), CHUNK_SIZE)
        ]
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

    def outputs_of(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the outputs (n, k) of images.

        The images are in ``view``, uint8 (n, 3, h, w).
        """
        return self.run_network(self.model, pixels)

    def run_network(
        self, network: Callable[[Tensor], Tensor], pixels: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """Return the outputs of another network with the same view, (n, …)."""
        mean = torch.tensor(self.config.mean).view(1, -1, 1, 1)
        std = torch.tensor(self.config.std).view(1, -1, 1, 1)
        outputs = []
        step = microbatch_size(*pixels.shape[-2:], device=self._device)
        with torch.inference_mode():
            for start in range(0, len(pixels), step):
                batch = torch.from_numpy(pixels[start : start + step])
                x = ((batch.float() / 255 - mean) / std).to(self._device, memory_format=torch.channels_last)
                outputs.append(network(x).float().cpu())
        return np.asarray(torch.cat(outputs).numpy())
