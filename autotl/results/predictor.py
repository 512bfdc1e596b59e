"""Label images with a trained model."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autotl.api import Dataset, InputConfig, InputView, ModalityName
from autotl.data import render, view_of, with_pixel_scale
from autotl.evaluation import Evaluation, evaluate
from autotl.metrics import Metric
from autotl.modalities import modality_of
from autotl.results.by_target.labelled_targets import targets_of
from autotl.results.by_target.prediction_rows import PredictionOptions
from autotl.results.model_folder import LoadedModel
from autotl.results.predictions import ViewedImages, prediction_table
from autotl.targets import target_of
from autotl.training import AdaptiveForward, forward_in_batches, to_device

if TYPE_CHECKING:
    import pandas as pd

CHUNK_SIZE = 256
"""Images that are decoded at once."""
TIMED_IMAGES = 64
"""Images of a pass that is timed, to decide whether compiling the network pays."""


class Predictor:
    """A network with its view of images and its target."""

    def __init__(self, loaded: LoadedModel, *, device: str, images: int | None = None) -> None:
        """Prepare a network.

        Args:
            loaded: The network with its target and its view.
            device: Runs the network.
            images: How many images will be passed; None if that is unknown.
        """
        self.model: nn.Module = to_device(loaded.model, device).eval()
        self.target, self.classes = target_of(loaded.target), loaded.target.names
        self.config: InputConfig = loaded.config
        self.modality: ModalityName = loaded.config.modality
        self.tta = loaded.tta
        self._device, self._images = device, images if images is None else images * (1 + loaded.tta)
        self.view: InputView = view_of(loaded.config, input_size=loaded.config.input_size)
        self.scale, self.intervals = loaded.scale, loaded.intervals
        self.views = (self.view,)
        self._pass = self.network_pass(self.model)

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

    def outputs_of(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """Return the outputs (n, k) of images.

        They are averaged over mirror images if the run decided so. The images are in ``view``, uint8
        (n, 3, h, w).
        """
        single = self._pass(pixels)
        return mean_outputs(single, self._pass(mirror_images(pixels))) if self.tta else single

    def network_pass(self, forward: Callable[[Tensor], Tensor], *, images: int | None = None) -> NetworkPass:
        """Return passes of images in the same view.

        Args:
            forward: Runs layers of the network: (n, 3, h, w) to (n, …).
            images: How many images will be passed; None for as many as the network gets.
        """
        images = self._images if images is None else images
        return NetworkPass(forward, self.model, self.config, device=self._device, images=images)


def mirror_images(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return images (n, 3, h, w) with left and right exchanged."""
    return np.ascontiguousarray(pixels[..., ::-1])


def mean_outputs(single: NDArray[np.float32], mirrored: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of outputs (n, k) for images and mirror images."""
    found: NDArray[np.float32] = (single + mirrored) / np.float32(2)
    return found


class NetworkPass:
    """Passes of images through a network, compiled if that saves time."""

    def __init__(
        self,
        forward: Callable[[Tensor], Tensor],
        model: nn.Module,
        config: InputConfig,
        *,
        device: str,
        images: int | None,
    ) -> None:
        """Prepare the passes.

        Args:
            forward: Runs ``model``: (n, 3, h, w) to (n, …).
            model: The network, in eval mode.
            config: Scales the images.
            device: Runs the network.
            images: How many images will be passed; None if that is unknown.
        """
        self._forward = AdaptiveForward(forward, model, rows=images, device=device)
        self._device, self._to_batch = device, modality_of(config).to_batch(config, device)

    def __call__(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """Return the outputs (n, …) of uint8 images (n, 3, h, w)."""
        outputs = []
        for start in range(0, len(pixels), TIMED_IMAGES):
            part, started = torch.from_numpy(pixels[start : start + TIMED_IMAGES]), time.perf_counter()
            outputs.append(
                forward_in_batches(
                    self._forward, part, to_batch=self._to_batch, device=self._device, full_precision=True
                )
            )
            seconds = time.perf_counter() - started
            self._forward.finished(len(part), seconds, partial(self._inputs, part))
        return np.asarray(torch.cat(outputs).numpy())

    def _inputs(self, pixels: Tensor, count: int) -> Tensor:
        """Return the inputs of the network for the first images."""
        with torch.inference_mode():
            return self._to_batch(pixels[:count])
