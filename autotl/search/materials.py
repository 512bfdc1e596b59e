"""What every trial of a run shares: decoded images, frozen features and the pretrained networks."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autotl.api import Backbone, Dataset, Splits
from autotl.backbone import create, new_head, pooled
from autotl.cache import Store
from autotl.data import View, render, view_of
from autotl.train import in_batches, place


class Materials:
    """Images, features and networks of one run, each made when first asked for and kept.

    Rows are positions in ``order``: the training rows, arranged so that the parts of a single fold are
    contiguous and can be handed out without copying. The test part is not in here.
    """

    def __init__(
        self,
        dataset: Dataset,
        splits: Splits,
        backbones: Mapping[str, Backbone],
        store: Store,
        *,
        device: str,
    ) -> None:
        self.dataset, self.splits, self.backbones, self.device = dataset, splits, backbones, device
        self._store = store
        first = splits.folds[0]
        self.order = np.concatenate([first.train, first.val]) if len(splits.folds) == 1 else splits.train
        self._place = {int(row): position for position, row in enumerate(self.order)}
        self.labels = torch.from_numpy(dataset.table["label"].to_numpy(dtype=np.int64)[self.order])
        self._models: dict[tuple[str, str], nn.Module] = {}

    def fold_labels(self) -> list[NDArray[np.int64]]:
        """The validation labels of each fold."""
        labels = self.dataset.table["label"].to_numpy(dtype=np.int64)
        return [labels[fold.val] for fold in self.splits.folds]

    def positions(self, rows: NDArray[np.int64]) -> Tensor:
        """Where dataset rows stand in ``order``."""
        return torch.tensor([self._place[int(row)] for row in rows], dtype=torch.long)

    def pixels(self, backbone: str, *, side: int, margin: bool) -> Tensor:
        """uint8 images (rows, 3, h, w) of all training rows as ``backbone`` wants them."""
        view = view_of(self.backbones[backbone].config, side=side, margin=margin)
        key = {"pixels": self.dataset.digest, "split": self.splits.hash, "view": view.key}
        shape = (len(self.order), 3, view.pixels, view.pixels)
        return torch.from_numpy(
            self._store.array(key, shape, np.uint8, lambda out: _render(self.dataset, self.order, view, out))
        )

    def features(self, backbone: str, *, side: int) -> Tensor:
        """Pooled features (rows, features) of all training rows through the frozen backbone, float32."""
        facts = self.backbones[backbone]
        key = {
            "features": self.dataset.digest,
            "split": self.splits.hash,
            "view": view_of(facts.config, side=side).key,
            "weights": facts.digest,
        }

        def fill(out: NDArray[Any]) -> None:
            model = self.source_model(backbone)
            pixels = self.pixels(backbone, side=side, margin=False)
            # in pieces, so that a large data set never stands in memory as a whole
            for start in range(0, len(pixels), 1024):
                rows = in_batches(
                    lambda x: pooled(model, x),
                    pixels[start : start + 1024],
                    normalise=lambda x: self.normalise(backbone, x),
                    device=self.device,
                )
                out[start : start + 1024] = rows.numpy()

        shape = (len(self.order), facts.features)
        return torch.from_numpy(self._store.array(key, shape, np.float32, fill))

    def source_model(self, backbone: str) -> nn.Module:
        """The pretrained network with its own head, in eval mode. Shared: not to be changed."""
        return self._model(backbone, "source")

    def model(self, backbone: str) -> nn.Module:
        """A fresh copy of the pretrained network with a new zero head for the task."""
        return copy.deepcopy(self._model(backbone, "task"))

    def random_model(self, backbone: str, *, seed: int) -> nn.Module:
        """The same network, re-initialised from the seed, with a new zero head for the task."""
        classes = len(self.dataset.classes)
        weights = self.backbones[backbone].weights
        return place(create(weights, classes=classes, pretrained=False, seed=seed), self.device)

    def normalise(self, backbone: str, pixels: Tensor) -> Tensor:
        """uint8 images as the backbone wants them: float32, on the device, channels last."""
        config = self.backbones[backbone].config
        mean = torch.tensor(config.mean, device=pixels.device).view(1, -1, 1, 1)
        std = torch.tensor(config.std, device=pixels.device).view(1, -1, 1, 1)
        x = (pixels.to(torch.float32) / 255 - mean) / std
        return x.to(device=self.device, memory_format=torch.channels_last)

    def _model(self, backbone: str, head: str) -> nn.Module:
        if (backbone, head) not in self._models:
            weights = self.backbones[backbone].weights
            if head == "source":
                model = create(weights)
            else:
                model = copy.deepcopy(self._model(backbone, "source")).cpu()
                new_head(model, len(self.dataset.classes))
            self._models[backbone, head] = place(model, self.device).eval()
        return self._models[backbone, head]


def _render(dataset: Dataset, rows: NDArray[np.int64], view: View, out: NDArray[Any]) -> None:
    render(dataset, rows, view, out=out)
