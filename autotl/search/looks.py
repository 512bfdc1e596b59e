"""What networks say of the test images: those with the source's trunk and another head share a pass."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from autotl.backbone import classifier_of, heads, pooled
from autotl.data import render, view_of
from autotl.errors import WeightsError
from autotl.results import Opened, Predictor
from autotl.search.materials import Materials

Logits = NDArray[np.float32]


class Trunks:
    """Tells which saved networks are the source up to their last linear layer, bit for bit."""

    def __init__(self, materials: Materials) -> None:
        self._materials = materials
        self._known: dict[str, bool] = {}

    def is_source(self, backbone: str, file: str) -> bool:
        """Whether the weights in ``file`` differ from the backbone's in the classifier alone."""
        if file not in self._known:
            self._known[file] = self._compare(backbone, file)
        return self._known[file]

    def _compare(self, backbone: str, file: str) -> bool:
        source = self._materials.source_model(backbone)
        try:
            classifier_of(source)
        except WeightsError:
            return False
        last = [f"{name}." for name, module in source.named_modules() if module in heads(source)]
        saved = load_file(file)
        return all(
            name in saved and torch.equal(value.cpu(), saved[name])
            for name, value in source.state_dict().items()
            if not name.startswith(tuple(last))
        )


class Looks:
    """The logits of some images by networks as they were saved, each computed once.

    ``rows`` (n,) are rows of the data set. Images are decoded and normalised once for each way of seeing
    them.
    """

    def __init__(
        self,
        materials: Materials,
        rows: NDArray[np.int64],
        reopen: Callable[[str, str, int], Opened],
    ) -> None:
        self._materials, self._rows, self._reopen = materials, rows, reopen
        self._trunks = Trunks(materials)
        self._logits: dict[str, Logits] = {}
        self._pixels: dict[str, NDArray[np.uint8]] = {}
        self._features: dict[tuple[str, str], NDArray[np.float32]] = {}

    def logits(self, backbone: str, file: str, *, side: int) -> Logits:
        """Logits (n, classes) of the network in ``file``, which sees images of ``side`` pixels."""
        if file not in self._logits:
            self._logits[file] = self._look(backbone, file, side)
        return self._logits[file]

    def _look(self, backbone: str, file: str, side: int) -> Logits:
        predictor = Predictor(self._reopen(backbone, file, side), device=self._materials.device)
        view = predictor.view.key
        if view not in self._pixels:
            self._pixels[view] = render(self._materials.dataset, self._rows, predictor.view)
        if not self._trunks.is_source(backbone, file):
            return predictor.logits_of(self._pixels[view])
        if (backbone, view) not in self._features:
            self._features[backbone, view] = self._pooled(backbone, predictor, side)
        weight, bias = (each.double().cpu().numpy() for each in classifier_of(predictor.model))
        found: Logits = (self._features[backbone, view] @ weight.T + bias).astype(np.float32)
        return found

    def _pooled(self, backbone: str, predictor: Predictor, side: int) -> NDArray[np.float32]:
        """The source's features (n, d); those of images that were looked at before the search are there."""
        pixels = self._pixels[predictor.view.key]
        looked = self._materials.looked.get((backbone, side))
        config = self._materials.backbones[backbone].config
        if looked is None or view_of(config, side=side).key != predictor.view.key:
            return predictor.run(_pooling(predictor.model), pixels)
        rows, features = looked
        known = np.isin(self._rows, rows)
        found = np.empty((len(self._rows), features.shape[1]), dtype=np.float32)
        order = np.argsort(rows)
        found[known] = features[order[np.searchsorted(rows, self._rows[known], sorter=order)]]
        if not known.all():
            found[~known] = predictor.run(_pooling(predictor.model), pixels[~known])
        return found


def _pooling(model: nn.Module) -> Callable[[Tensor], Tensor]:
    return lambda x: pooled(model, x)
