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
from autotl.results.labelling import Asked, Seen, indexed, labelled
from autotl.results.model_folder import Opened
from autotl.training import at_once, to_device

if TYPE_CHECKING:
    import pandas as pd

CHUNK = 256  # images decoded at a time


class Predictor:
    """A network with what it needs to look at images: its view of them and its class names."""

    def __init__(self, opened: Opened, *, device: str) -> None:
        self.model: nn.Module = to_device(opened.model, device).eval()
        self.classes = opened.classes
        self.config: DataConfig = opened.config
        self._device = device
        self.view = view_of(opened.config, side=opened.config.side)
        self.scale = opened.scale
        self.views = (self.view,)

    def predict(self, images: Any, *, top: int | None = None) -> pd.DataFrame:
        """Label images; see :meth:`autotl.results.Result.predict`."""
        return labelled(images, self, Asked(top=top))

    def say(self, seen: Seen) -> NDArray[np.float32]:
        """Logits (n, classes) of images, seen in each of the views."""
        return self.logits_of(seen[0])

    def logits(self, dataset: Dataset, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits (rows, classes) of a data set's rows."""
        parts = [
            self.logits_of(render(dataset, rows[start : start + CHUNK], self.view))
            for start in range(0, len(rows), CHUNK)
        ]
        return np.concatenate(parts)

    def evaluate(self, dataset: Dataset, *, measure: str | Metric, seed: int) -> Evaluation:
        """Score the model on labelled images. Raises DataError for classes it does not know."""
        labels, dataset = indexed(dataset, self.classes), with_pixel_scale(dataset, self.scale)
        rows = np.arange(len(dataset))
        return evaluate(labels, self.logits(dataset, rows), self.classes, measure=measure, seed=seed)

    def logits_of(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Logits (n, classes) of uint8 images (n, 3, h, w) seen through ``view``, in full precision."""
        return self.run(self.model, pixels)

    def run(self, network: Callable[[Tensor], Tensor], pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The same for another ``network`` that wants to see images as the model does."""
        mean = torch.tensor(self.config.mean).view(1, -1, 1, 1)
        std = torch.tensor(self.config.std).view(1, -1, 1, 1)
        parts = []
        step = at_once(*pixels.shape[-2:], device=self._device)
        with torch.inference_mode():
            for start in range(0, len(pixels), step):
                batch = torch.from_numpy(pixels[start : start + step])
                x = ((batch.float() / 255 - mean) / std).to(self._device, memory_format=torch.channels_last)
                parts.append(network(x).float().cpu())
        return np.asarray(torch.cat(parts).numpy())
