"""The outputs of networks on the test images.

Networks with the source's layers share a pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from autotl.backbone import classifier_of, heads, pooled
from autotl.budget.policy import POLICY
from autotl.clock import NEVER, Deadline
from autotl.data import render_parts, view_of
from autotl.errors import WeightsError
from autotl.finalize.export import load_network
from autotl.heads import attached_head
from autotl.results import Predictor, mirror_images
from autotl.workbench.run_cache import RunCache
from autotl.workbench.tensor_files import head_in

Outputs = NDArray[np.float32]
Run = Callable[[NDArray[np.int64], NDArray[Any]], NDArray[np.float32]]
"""Returns an array (n, …) for rows (n,) and their images."""

BLOCK = 64
"""Images between two checks of the clock."""


@dataclass(frozen=True, slots=True)
class SavedNetwork:
    """A saved network.

    Attributes:
        backbone: The name of its backbone.
        file: Its weights file.
        input_size: Its image size, in pixels.
        mirrored: Whether it gets mirror images.
    """

    backbone: str
    file: str
    input_size: int
    mirrored: bool = False


class SourceLayers:
    """Compares saved networks with their source, up to the classifier."""

    def __init__(self, run_cache: RunCache) -> None:
        self._run_cache = run_cache
        self._known: dict[str, bool] = {}

    def are_kept(self, backbone: str, file: str) -> bool:
        """Return whether the network differs from its source in the classifier only."""
        if file not in self._known:
            self._known[file] = self._compare(backbone, file)
        return self._known[file]

    def _compare(self, backbone: str, file: str) -> bool:
        source = self._run_cache.networks.source(backbone)
        try:
            classifier_of(source)
        except WeightsError:
            return False
        last = [f"{name}." for name, module in source.named_modules() if module in heads(source)]
        form = head_in(file)
        if form is not None and form.spec.stages:
            return False  # the head takes more than the pooled features
        saved = load_file(file)
        return all(
            name in saved and torch.equal(value.cpu(), saved[name])
            for name, value in source.state_dict().items()
            if not name.startswith(tuple(last))
        )


class PredictionCache:
    """The outputs of saved networks on some images, each computed once.

    Images are decoded once for each view specification. :meth:`predict_all` may cut the rows to the first
    ones.

    Args:
        run_cache: The images and networks of the run.
        rows: The dataset rows of the images, (n,).
    """

    def __init__(self, run_cache: RunCache, rows: NDArray[np.int64]) -> None:
        self._run_cache, self.rows = run_cache, rows
        self.source_layers = SourceLayers(run_cache)
        self.seconds_per_image: dict[SavedNetwork, float] = {}
        """The seconds that a network took for an image, with reading and resizing it."""
        self._outputs: dict[SavedNetwork, Outputs] = {}
        self._pixels: dict[str, NDArray[Any]] = {}
        self._features: dict[tuple[str, str], NDArray[np.float32]] = {}

    def predict_all(
        self, networks: Sequence[SavedNetwork], *, seconds: Sequence[float], end: Deadline, least: int
    ) -> None:
        """Predict the first rows with all networks, as the time allows.

        Args:
            networks: The networks.
            seconds: The expected time of each network. The time left is divided in proportion, but each
                network has at least ``POLICY.equal_test`` of an equal part.
            end: When the last network must be done.
            least: Rows that are predicted however short the time is.
        """
        for number, network in enumerate(networks):
            share = seconds[number] / max(sum(seconds[number:]), 1e-9)
            share = max(share, POLICY.equal_test / (len(networks) - number))
            if network not in self._outputs:
                started = end.clock.now()
                found = self._predict(network, end=end.share(share), least=least)
                self._outputs[network] = found
                self.seconds_per_image[network] = (end.clock.now() - started) / max(1, len(found))
                self._keep(slice(len(found)))

    def sort(self) -> None:
        """Sort the rows, and the outputs with them."""
        self._keep(np.argsort(self.rows))

    def _keep(self, chosen: slice | NDArray[np.int64]) -> None:
        self.rows = self.rows[chosen]
        self._outputs = {key: known[chosen] for key, known in self._outputs.items()}
        self._pixels = {key: known[chosen] for key, known in self._pixels.items()}
        self._features = {key: known[chosen] for key, known in self._features.items()}

    def outputs(self, network: SavedNetwork) -> Outputs:
        """Return the outputs of a network, (n, k)."""
        if network not in self._outputs:
            self._outputs[network] = self._predict(network)
        return self._outputs[network]

    def _predict(self, network: SavedNetwork, *, end: Deadline = NEVER, least: int = 0) -> Outputs:
        """Return the outputs of all rows, or of the first ones."""
        backbone, file, size = network.backbone, network.file, network.input_size
        opened = load_network(self._run_cache, backbone, file, input_size=size)
        images = self._expected_images(network, end, least)
        predictor = Predictor(opened, device=self._run_cache.device, images=images)
        view = predictor.view.key
        shared = not network.mirrored and self.source_layers.are_kept(backbone, file)
        if not shared or (backbone, view) not in self._features:
            whole = _all_of(predictor.outputs_of, mirrored=network.mirrored)
            run = self._pooled(backbone, predictor, size) if shared else whole
            found = self._in_blocks(predictor, run, end=end, least=least)
            if not shared:
                return found
            self._features[backbone, view] = found
        return outputs_of_head(predictor.model, self._features[backbone, view])

    def _expected_images(self, network: SavedNetwork, end: Deadline, least: int) -> int:
        """Return about how many images the time is enough for."""
        if math.isinf(end.at):
            return len(self.rows)
        backbone = self._run_cache.backbones[network.backbone]
        seconds = backbone.pace.seconds(1, input_size=network.input_size or backbone.input_size)
        return min(len(self.rows), max(least, int(end.left() / max(seconds, 1e-9))))

    def _in_blocks(self, predictor: Predictor, run: Run, *, end: Deadline, least: int) -> NDArray[np.float32]:
        """Return the result of ``run`` for as many rows as possible."""
        view, count = predictor.view, len(self.rows)
        block = max(1, count) if math.isinf(end.at) else BLOCK
        parts = [slice(start, min(start + block, count)) for start in range(0, count, block)]
        pixels, found, done = self._pixels.get(view.key), [], 0
        if pixels is None:
            pixels = np.empty((count, *view.shape), dtype=view.dtype)
            ready = render_parts(self._run_cache.dataset, self.rows, view, parts, pixels)
        else:
            ready = (part for part in parts)
        with closing(ready):  # decoding ends with the loop
            for part in ready:
                found.append(run(self.rows[part], pixels[part]))
                done = part.stop
                if done >= least and end.passed():
                    break
        self._pixels[view.key] = pixels[:done]
        return np.concatenate(found)

    def _pooled(self, backbone: str, predictor: Predictor, input_size: int) -> Run:
        """Return a run that gives the source's features (n, d).

        Known features come from the run cache.
        """
        looked = self._run_cache.extra_features.get((backbone, input_size))
        config, pooling = self._run_cache.backbones[backbone].config, _pooling(predictor.model)
        if looked is None or view_of(config, input_size=input_size).key != predictor.view.key:
            return _all_of(predictor.network_pass(pooling))
        before, features = looked
        order, new = np.argsort(before), int((~np.isin(self.rows, before)).sum())
        pass_of_new = predictor.network_pass(pooling, images=new)

        def run(rows: NDArray[np.int64], pixels: NDArray[Any]) -> NDArray[np.float32]:
            known = np.isin(rows, before)
            found = np.empty((len(rows), features.shape[1]), dtype=np.float32)
            found[known] = features[order[np.searchsorted(before, rows[known], sorter=order)]]
            if not known.all():
                found[~known] = pass_of_new(pixels[~known])
            return found

        return run


def outputs_of_head(model: nn.Module, features: NDArray[np.float32]) -> Outputs:
    """Return a head's outputs (n, k) for pooled features (n, d)."""
    head = attached_head(model)
    if head is None:
        weight, bias = (each.double().cpu().numpy() for each in classifier_of(model))
        outputs: Outputs = (features @ weight.T + bias).astype(np.float32)
        return outputs
    device, parts = head.scale.device, []
    with torch.inference_mode():
        for start in range(0, len(features), BLOCK):
            part = torch.from_numpy(features[start : start + BLOCK])
            parts.append(head.outputs_of(part.to(device)).cpu().numpy())
    return np.concatenate(parts)


def _all_of(run: Callable[[NDArray[Any]], NDArray[np.float32]], *, mirrored: bool = False) -> Run:
    """Return a run for images whose features are not known."""
    return lambda rows, pixels: run(mirror_images(pixels) if mirrored else pixels)


def _pooling(model: nn.Module) -> Callable[[Tensor], Tensor]:
    return lambda x: pooled(model, x)
