"""Predict the images of the place of use with saved networks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autotl.clock import NEVER, Deadline
from autotl.finalize.export import load_network
from autotl.finalize.test_phase.prediction_cache import SourceLayers, outputs_of_head
from autotl.training import forward_in_batches, to_device
from autotl.trials.trial import Trial
from autotl.workbench.additional.images import additional_features, image_cache
from autotl.workbench.additional.sets import AdditionalSet
from autotl.workbench.run_cache import RunCache

Outputs = NDArray[np.float32]
Rows = NDArray[np.int64]


class PlaceOutputs:
    """The outputs of networks on the used images.

    Outputs for all images are kept; those for some of them are not.

    Args:
        run_cache: The networks and the store.
        images: The images of the place of use.
    """

    def __init__(self, run_cache: RunCache, images: AdditionalSet) -> None:
        self._run_cache, self._images = run_cache, images
        self._source_layers = SourceLayers(run_cache)
        self._known: dict[str, Outputs] = {}

    def of(
        self, trial: Trial, weights: str = "", *, rows: Rows | None = None, end: Deadline = NEVER
    ) -> Outputs:
        """Return the outputs of a network, (used, k) or (rows, k).

        Args:
            trial: The trial of the network.
            weights: The weights file; "" for that of the trial's first fold.
            rows: The positions of images among the used ones; None for all.
            end: Raises OutOfTime when it has passed.
        """
        file = str(weights or trial.model)
        if file in self._known:
            return self._known[file] if rows is None else self._known[file][rows]
        if rows is not None:
            return self._predict(trial, file, self._images.used[rows], end)
        self._known[file] = self._predict(trial, file, self._images.used, end)
        return self._known[file]

    def features(self, backbone: str, end: Deadline, *, input_size: int = 0) -> Outputs:
        """Return features of the images through the frozen backbone, (used, features).

        Args:
            backbone: The network.
            end: Raises OutOfTime when it has passed.
            input_size: Image size in pixels; 0 for that of the backbone.
        """
        size = input_size or self._run_cache.backbones[backbone].input_size
        found = additional_features(
            self._run_cache, self._images, backbone, input_size=size, check_cancelled=end.check
        )
        features: Outputs = found.numpy()[self._images.used]
        return features

    def _predict(self, trial: Trial, file: str, rows: Rows, end: Deadline) -> Outputs:
        run_cache, backbone, size = self._run_cache, trial.arm.backbone, trial.input_size
        model = load_network(run_cache, backbone, file, input_size=size).model
        every = len(rows) == len(self._images.used)
        if every and self._source_layers.are_kept(backbone, file):  # all such networks share one pass
            return outputs_of_head(model, self.features(backbone, end, input_size=size))
        pixels = image_cache(run_cache, self._images, rows).pixels(
            backbone, input_size=size, margin=False, check_cancelled=end.check
        )
        found: Outputs = forward_in_batches(
            to_device(model, run_cache.device).eval(),
            pixels,
            to_batch=lambda x: run_cache.to_batch(backbone, x),
            device=run_cache.device,
            batch=run_cache.batch_size,
            check_cancelled=end.check,
        ).numpy()
        return found
