"""Pass inputs through a backbone to compare them with its source."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autotl.api import Backbone, Likeness, MakesNoise
from autotl.clock import OutOfTime
from autotl.data import render, view_of
from autotl.errors import FAILURES, described
from autotl.modalities import modality_of
from autotl.seeds import derive
from autotl.training import forward_in_batches
from autotl.workbench.image_cache import CancellationCheck
from autotl.workbench.run_cache import RunCache

ROWS, ROWS_INSIDE = 400, 100
"""The most images for distances of pooled features, and for those inside the network.

Inside the network images have the weights' own size, so each costs more. More images would narrow the
interval but not change the answer.
"""
NOISE, NOISE_INSIDE = 128, 64
LEAST_ROWS, LEAST_NOISE = 32, 20
"""The least images and noise images, however short the time."""
PASSES_SHARE = 0.5
"""The fraction of the time for one kind of pass; there are two kinds."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A backbone, and the passes of images through it.

    Attributes:
        run_cache: The training images.
        backbone: The backbone.
        source: Images of the source, uint8 (n, 3, side, side), or texts, int32 (n, tokens); None without any.
        seed: The seed of the samples.
        resamples: Random halves of the images for an interval.
        seconds: The time that decides on the number of images; None for no limit.
        pulse: A function that is called during the work and may raise.
        failed: The reasons for the failure of measures.
    """

    run_cache: RunCache
    backbone: Backbone
    source: Tensor | None
    seed: int
    resamples: int
    seconds: float | None
    pulse: CancellationCheck
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def model(self) -> nn.Module:
        return self.run_cache.networks.source(self.backbone.name)

    @property
    def failures(self) -> list[str]:
        """A sentence on each measure that failed."""
        return [f"The similarity {name} failed and is left out: {why}." for name, why in self.failed.items()]

    def affordable(self, most: int, input_size: int) -> int:
        """Return how many images fit into the time of one pass."""
        if self.seconds is None:
            return most
        each = (1 + NOISE_INSIDE / ROWS_INSIDE) * self.backbone.pace.seconds(1, input_size=input_size)
        return max(LEAST_ROWS, min(most, int(PASSES_SHARE * self.seconds / each)))

    def rows(self, run: Callable[[Tensor], Tensor], pixels: Tensor) -> NDArray[np.float64]:
        """Return the outputs of ``run`` for images, one image at a time."""
        to_batch = partial(self.run_cache.to_batch, self.backbone.name)
        device = self.run_cache.device
        found = forward_in_batches(
            run, pixels, to_batch=to_batch, device=device, max_threads=1, check_cancelled=self.pulse
        )
        return found.double().numpy()

    def target(self, most: int, input_size: int) -> Tensor:
        """Return at most so many training images or texts, encoded."""
        order = np.random.default_rng(derive(self.seed, "likeness")).permutation(len(self.run_cache.order))
        chosen = self.run_cache.order[np.sort(order[:most])]
        view = view_of(self.backbone.config, input_size=input_size)
        return torch.from_numpy(render(self.run_cache.dataset, chosen, view))

    def noise(self, like: Tensor) -> Tensor:
        """Return encoded noise of the shape of inputs of the data."""
        config = self.backbone.config
        modality = modality_of(config)
        assert isinstance(modality, MakesNoise)  # see measure_similarity
        return torch.from_numpy(modality.noise(config, like.numpy(), seed=self.seed))

    def measured(
        self, measures: Mapping[str, object], measure: Callable[[str], Likeness]
    ) -> dict[str, Likeness]:
        """Return the result of each measure that does not fail."""
        found: dict[str, Likeness] = {}
        for name in measures:
            self.pulse()
            with _noting_failure(name, self.failed):
                found[name] = _finite(measure(name))
        return found


@contextmanager
def _noting_failure(name: str, failed: dict[str, str]) -> Iterator[None]:
    """Note in ``failed`` why a similarity failed, instead of raising."""
    try:
        yield
    except OutOfTime:
        raise
    except FAILURES as error:  # a plugin's code: a similarity is one piece of evidence among several
        failed[name] = described(error)


def _finite(found: Likeness) -> Likeness:
    """Return the similarity as it is. Raises ValueError if it is infinite or NaN."""
    for value in (found.value, found.calibrated, *found.ci95):
        if not math.isfinite(value):
            raise ValueError(f"it returned {value}; it must return finite numbers")
    return found
