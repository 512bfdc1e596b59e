"""Label images with a trained model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.special import softmax
from torch import Tensor, nn

from autotl.api import DataConfig, Dataset
from autotl.data import (
    as_array,
    image_of,
    images_in,
    is_array,
    open_image,
    quietly,
    reason,
    render,
    render_images,
    scale_of,
    upright_rgb,
    view_of,
)
from autotl.errors import DataError
from autotl.results.evaluate import Evaluation, evaluate
from autotl.results.model_folder import Opened
from autotl.train import Metric, place

Opener = Callable[[], Image.Image]
CHUNK, BATCH = 256, 64  # images decoded, and images in the network, at a time


class Predictor:
    """A network with what it needs to look at images: its view of them and its class names."""

    def __init__(self, opened: Opened, *, device: str) -> None:
        self.model: nn.Module = place(opened.model, device).eval()
        self.classes = opened.classes
        self.config: DataConfig = opened.config
        self._device = device
        self.view = view_of(opened.config, side=opened.config.side)

    def predict(self, images: Any, *, top: int | None = None) -> pd.DataFrame:
        """Label images: paths, folders, PIL images, arrays (n, h, w[, 3]), or a sequence of these.

        One row per image: ``path``, ``label``, ``probability``; with ``top`` the k likeliest classes, a row
        each, with their ``rank``. Raises DataError for what cannot be read.
        """
        names, openers = _named(images)
        logits = np.concatenate(
            [
                self.logits_of(self._look(names[start : start + BATCH], openers[start : start + BATCH]))
                for start in range(0, len(openers), BATCH)
            ]
        )
        return self._table(names, softmax(logits.astype(np.float64), axis=1), top)

    def logits(self, dataset: Dataset, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits (rows, classes) of a data set's rows."""
        parts = [
            self.logits_of(render(dataset, rows[start : start + CHUNK], self.view))
            for start in range(0, len(rows), CHUNK)
        ]
        return np.concatenate(parts)

    def evaluate(self, dataset: Dataset, *, measure: str | Metric, seed: int) -> Evaluation:
        """Score the model on labelled images. Raises DataError for classes it does not know."""
        unknown = sorted(set(dataset.classes) - set(self.classes))
        if unknown:
            raise DataError(
                f"The data has classes that the model does not know: {', '.join(unknown[:5])}. "
                f"It knows {', '.join(self.classes[:10])}{', …' if len(self.classes) > 10 else ''}."
            )
        index = np.array([self.classes.index(name) for name in dataset.classes])
        labels = index[dataset.table["label"].to_numpy(dtype=np.int64)]
        rows = np.arange(len(dataset))
        return evaluate(labels, self.logits(dataset, rows), self.classes, measure=measure, seed=seed)

    def _look(self, names: Sequence[str], openers: Sequence[Opener]) -> NDArray[np.uint8]:
        """Images as the network sees them; one at a time, so that no more than one is held at full size."""
        seen = []
        with quietly():
            for name, each in zip(names, openers, strict=True):
                try:
                    seen.append(render_images([each()], self.view))
                except Exception as error:  # whatever a file that is no image makes its decoder raise
                    raise DataError(f"{name} cannot be read: {reason(error)}.") from error
        return np.concatenate(seen)

    def logits_of(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Logits (n, classes) of uint8 images (n, 3, h, w) seen through ``view``, in full precision."""
        return self.run(self.model, pixels)

    def run(self, network: Callable[[Tensor], Tensor], pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The same for another ``network`` that wants to see images as the model does."""
        mean = torch.tensor(self.config.mean).view(1, -1, 1, 1)
        std = torch.tensor(self.config.std).view(1, -1, 1, 1)
        parts = []
        with torch.inference_mode():
            for start in range(0, len(pixels), BATCH):
                batch = torch.from_numpy(pixels[start : start + BATCH])
                x = ((batch.float() / 255 - mean) / std).to(self._device, memory_format=torch.channels_last)
                parts.append(network(x).float().cpu())
        return np.asarray(torch.cat(parts).numpy())

    def _table(self, names: Sequence[str], chances: NDArray[np.float64], top: int | None) -> pd.DataFrame:
        k = min(top or 1, len(self.classes))
        order = np.argsort(-chances, axis=1, kind="stable")[:, :k]  # (images, k)
        table = pd.DataFrame(
            {
                "path": np.repeat(np.asarray(names, dtype=object), k),
                "rank": np.tile(np.arange(1, k + 1), len(names)),
                "label": [self.classes[c] for c in order.ravel()],
                "probability": np.take_along_axis(chances, order, axis=1).ravel(),
            }
        )
        return table if top else table.drop(columns="rank")


def _named(images: Any) -> tuple[list[str], list[Opener]]:
    """What was given as names and ways to open: upright RGB images."""
    if isinstance(images, str | Path | Image.Image) or _is_one(images):
        images = [images]
    names: list[str] = []
    openers: list[Opener] = []
    scale, _ = scale_of([as_array(each) for each in images if is_array(each)] or [np.zeros(1, np.uint8)])
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
            openers.append(partial(image_of, each, scale))
        else:
            raise DataError(
                f"Cannot predict on a {type(each).__name__}. Give paths, folders, PIL images or arrays."
            )
    if not names:
        raise DataError("There is nothing to predict on: no image was given.")
    return names, openers


def _is_one(images: Any) -> bool:
    """Whether an array is a single image, (h, w) or (h, w, c), and not a stack of them."""
    if not is_array(images):
        return False
    shape = tuple(images.shape)
    first = shape[0] in (1, 3, 4) and not isinstance(images, np.ndarray)  # tensors have channels first
    return len(shape) == 2 or (len(shape) == 3 and (shape[-1] in (1, 3, 4) or first))
