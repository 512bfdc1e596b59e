"""What networks say of the test images: those with the source's trunk and another head share a pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from autotl.backbone import classifier_of, heads, pooled
from autotl.clock import NEVER, Deadline
from autotl.data import render_parts, view_of
from autotl.errors import WeightsError
from autotl.results import LoadedModel, Predictor
from autotl.workbench.run_cache import RunCache

Logits = NDArray[np.float32]
Run = Callable[[NDArray[np.int64], NDArray[np.uint8]], NDArray[np.float32]]
"""Gives something (n, …) for rows (n,) and their images."""


class Trunks:
    """Tells which saved networks are the source up to their last linear layer, bit for bit."""

    def __init__(self, materials: RunCache) -> None:
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


BLOCK = 64
"""Images between two looks at the clock."""
LEAST_SHARE = 0.5
"""Of an equal share of the time: decoding the images takes as long for a small network as for a large one."""


class PredictionCache:
    """The logits of some images by networks as they were saved, each computed once.

    ``rows`` (n,) are rows of the data set. Images are decoded and normalised once for each way of seeing
    them. :meth:`look_at_all` may cut ``rows`` down to the first ones.
    """

    def __init__(
        self,
        materials: RunCache,
        rows: NDArray[np.int64],
        reopen: Callable[[str, str, int], LoadedModel],
    ) -> None:
        self._materials, self.rows, self._reopen = materials, rows, reopen
        self.trunks = Trunks(materials)
        self.pace: dict[str, float] = {}
        """Seconds that the network in a file took for an image, with reading and resizing it."""
        self._logits: dict[str, Logits] = {}
        self._pixels: dict[str, NDArray[np.uint8]] = {}
        self._features: dict[tuple[str, str], NDArray[np.float32]] = {}

    def look_at_all(
        self, networks: Sequence[tuple[str, str, int]], *, seconds: Sequence[float], end: Deadline, least: int
    ) -> None:
        """Show all networks as many of the first rows as fit, the same for each.

        Args:
            networks: backbone, file and image size of each.
            seconds: what each is expected to take; the time left is shared in these proportions, but each
                has LEAST_SHARE of an equal share.
            end: when the last network has to be done.
            least: rows that are kept however short the time.
        """
        for number, (backbone, file, side) in enumerate(networks):
            share = seconds[number] / max(sum(seconds[number:]), 1e-9)
            share = max(share, LEAST_SHARE / (len(networks) - number))
            if file not in self._logits:
                began = end.clock.now()
                self._logits[file] = self._look(backbone, file, side, end=end.share(share), least=least)
                self.pace[file] = (end.clock.now() - began) / max(1, len(self._logits[file]))
                self._keep(slice(len(self._logits[file])))

    def sort(self) -> None:
        """Bring the rows, and what is known of them, into rising order."""
        self._keep(np.argsort(self.rows))

    def _keep(self, chosen: slice | NDArray[np.int64]) -> None:
        self.rows = self.rows[chosen]
        self._logits = {key: known[chosen] for key, known in self._logits.items()}
        self._pixels = {key: known[chosen] for key, known in self._pixels.items()}
        self._features = {key: known[chosen] for key, known in self._features.items()}

    def logits(self, backbone: str, file: str, *, side: int) -> Logits:
        """Logits (n, classes) of the network in ``file``, which sees images of ``side`` pixels."""
        if file not in self._logits:
            self._logits[file] = self._look(backbone, file, side)
        return self._logits[file]

    def _look(self, backbone: str, file: str, side: int, *, end: Deadline = NEVER, least: int = 0) -> Logits:
        """Logits of all rows, or of the first ones if the time is up."""
        predictor = Predictor(self._reopen(backbone, file, side), device=self._materials.device)
        view = predictor.view.key
        shared = self.trunks.is_source(backbone, file)
        if not shared or (backbone, view) not in self._features:
            run = self._pooled(backbone, predictor, side) if shared else _all_of(predictor.logits_of)
            found = self._in_blocks(predictor, run, end=end, least=least)
            if not shared:
                return found
            self._features[backbone, view] = found
        weight, bias = (each.double().cpu().numpy() for each in classifier_of(predictor.model))
        answers: Logits = (self._features[backbone, view] @ weight.T + bias).astype(np.float32)
        return answers

    def _in_blocks(self, predictor: Predictor, run: Run, *, end: Deadline, least: int) -> NDArray[np.float32]:
        """Return what ``run`` gives for the images of all rows, or of the first ones if the time is up."""
        view, count = predictor.view, len(self.rows)
        block = max(1, count) if math.isinf(end.at) else BLOCK
        parts = [slice(start, min(start + block, count)) for start in range(0, count, block)]
        shown, found, done = self._pixels.get(view.key), [], 0
        if shown is None:
            shown = np.empty((count, 3, view.pixels, view.pixels), dtype=np.uint8)
            ready = render_parts(self._materials.dataset, self.rows, view, parts, shown)
        else:
            ready = (part for part in parts)
        with closing(ready):  # decoding ends with the loop
            for part in ready:
                found.append(run(self.rows[part], shown[part]))
                done = part.stop
                if done >= least and end.passed():
                    break
        self._pixels[view.key] = shown[:done]
        return np.concatenate(found)

    def _pooled(self, backbone: str, predictor: Predictor, side: int) -> Run:
        """The source's features (n, d); those of images that were looked at before the search are there."""
        looked = self._materials.extra_features.get((backbone, side))
        config, pooling = self._materials.backbones[backbone].config, _pooling(predictor.model)
        if looked is None or view_of(config, side=side).key != predictor.view.key:
            return _all_of(lambda pixels: predictor.run_network(pooling, pixels))
        before, features = looked
        order = np.argsort(before)

        def run(rows: NDArray[np.int64], pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
            known = np.isin(rows, before)
            found = np.empty((len(rows), features.shape[1]), dtype=np.float32)
            found[known] = features[order[np.searchsorted(before, rows[known], sorter=order)]]
            if not known.all():
                found[~known] = predictor.run_network(pooling, pixels[~known])
            return found

        return run


def _all_of(run: Callable[[NDArray[np.uint8]], NDArray[np.float32]]) -> Run:
    """The pass over images of which none was seen before."""
    return lambda rows, pixels: run(pixels)


def _pooling(model: nn.Module) -> Callable[[Tensor], Tensor]:
    return lambda x: pooled(model, x)
