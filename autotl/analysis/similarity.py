"""Profile the task before the search: how far it lies from each source, by every similarity there is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autotl.api import AnySimilarity, Backbone, LayerSimilarity, Likeness, Reference, Similarity
from autotl.backbone import (
    BatchNormLayer,
    batchnorm_inputs,
    batchnorm_layers,
    batchnorm_reference,
    build_reference,
    calibrated_similarity,
    layer_similarity,
    load_reference,
    moment_extractor,
    native_side,
    noise_images,
    pooled,
    split_moments,
)
from autotl.clock import OutOfTime
from autotl.data import render, view_of
from autotl.errors import FAILURES, described
from autotl.seeds import derive
from autotl.training import in_batches
from autotl.workbench.run_cache import Pulse, RunCache, no_pulse

ROWS, ROWS_INSIDE = 400, 100
"""Distances are measured on at most this many images (inside the network, at the weights' own image size,
each costs more); more would narrow the interval, not change the answer.
"""
NOISE, NOISE_INSIDE = 128, 64
LEAST_ROWS, LEAST_NOISE = 32, 20
"""However short the time."""
RESAMPLES, RESAMPLES_THOROUGH = 25, 100
"""Random halves of the images that an interval comes from."""


def measure_likeness(
    materials: RunCache,
    backbone: Backbone,
    similarities: Mapping[str, AnySimilarity],
    *,
    source: Tensor | None,
    seed: int,
    resamples: int = RESAMPLES,
    seconds: float | None = None,
    pulse: Pulse = no_pulse,
) -> tuple[dict[str, Likeness], str]:
    """Each similarity of the training images to a backbone's source, and a note on what it was measured
    against.

    ``source`` are uint8 images (n, 3, side, side) of the source data, if the user has some; else the
    reference kept beside the weights is used, else the running statistics of BatchNorm. As many images are
    looked at as take about ``seconds``. ``pulse`` is called between batches and measures, and may raise.
    Empty where there is nothing to compare with. A similarity that fails is left out, and the note says so.
    """
    if not backbone.weights.pretrained:
        return {}, f"{backbone.name} has random weights: there is no source to be like."
    look = _Look(materials, backbone, source, seed, resamples, seconds, pulse)
    of_features = {name: each for name, each in similarities.items() if isinstance(each, Similarity)}
    of_layers = {name: each for name, each in similarities.items() if isinstance(each, LayerSimilarity)}
    reference = _reference(look)
    found: dict[str, Likeness] = {}
    failed: dict[str, str] = {}
    from_batchnorm = reference is not None and reference.origin == "batchnorm"
    if from_batchnorm:
        # a sample drawn from variances alone has none of the shape that the others compare
        of_features = {name: each for name, each in of_features.items() if getattr(each, "of_moments", False)}
    inside = None
    if of_layers or (from_batchnorm and of_features):
        inside = _look_inside(look, behind=from_batchnorm and bool(of_features))
    if reference is not None and of_features:
        within = inside if from_batchnorm else None
        found |= _over_features(look, reference, of_features, within, failed=failed)
    if inside is not None and of_layers:
        found |= _over_layers(look, inside, of_layers, failed=failed)
    if reference is None and not found and not failed:
        return {}, (
            f"{backbone.name} has no source reference and no BatchNorm, so the likeness is unknown. "
            f"Give some of its training images as source= (--source) to measure it."
        )
    return found, " ".join([_note(backbone, reference), *_left_out(failed)])


def _left_out(failed: Mapping[str, str]) -> list[str]:
    return [f"The similarity {name} failed and is left out: {why}." for name, why in failed.items()]


@dataclass(frozen=True, slots=True)
class _Look:
    """A backbone, and how images go through it."""

    materials: RunCache
    backbone: Backbone
    source: Tensor | None
    seed: int
    resamples: int
    seconds: float | None
    pulse: Pulse

    def affordable(self, most: int, side: int) -> int:
        """How many of at most so many images fit into half of the time: there are two kinds of looks."""
        if self.seconds is None:
            return most
        each = (1 + NOISE_INSIDE / ROWS_INSIDE) * self.backbone.pace.seconds(1, side=side)
        return max(LEAST_ROWS, min(most, int(0.5 * self.seconds / each)))

    @property
    def model(self) -> nn.Module:
        return self.materials.source_model(self.backbone.name)

    def rows(self, run: Callable[[Tensor], Tensor], pixels: Tensor) -> NDArray[np.float64]:
        normalise = partial(self.materials.normalise, self.backbone.name)
        device = self.materials.device
        # the inputs of layers are looked at by hooks, which are the network's own
        found = in_batches(run, pixels, normalise=normalise, device=device, at_once=1, pulse=self.pulse)
        return found.double().numpy()

    def target(self, most: int, side: int) -> Tensor:
        """At most so many of the training images, uint8 (n, 3, side, side)."""
        order = np.random.default_rng(derive(self.seed, "likeness")).permutation(len(self.materials.order))
        chosen = self.materials.order[np.sort(order[:most])]
        view = view_of(self.backbone.config, side=side)
        return torch.from_numpy(render(self.materials.dataset, chosen, view))


@dataclass(frozen=True, slots=True)
class _Inside:
    """What the BatchNorm ``layers`` see of the target and of noise, and of the source where there are images
    of it: rows as :func:`moments_of` gives them.
    """

    layers: Sequence[BatchNormLayer]
    target: NDArray[np.float64]
    noise: NDArray[np.float64]
    own: NDArray[np.float64] | None

    def behind(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """One position of each image in the last layer, where it was looked at."""
        return rows[:, 2 * sum(len(layer.mean) for layer in self.layers) :]


def _look_inside(look: _Look, *, behind: bool) -> _Inside | None:
    """None for a network without BatchNorm; ``behind`` also asks for one position in the last layer."""
    layers = batchnorm_layers(look.model)
    if not layers:
        return None
    side = native_side(look.model) if look.source is None else look.backbone.side
    run = moment_extractor(look.model, layers, run=batchnorm_inputs(look.model) if behind else None)
    most = look.affordable(ROWS_INSIDE, side)
    target = look.rows(run, look.target(most, side))
    least = max(NOISE_INSIDE * most // ROWS_INSIDE, LEAST_NOISE)
    noise = look.rows(run, noise_images(min(len(target), least), side, look.seed))
    own = None if look.source is None else look.rows(run, look.source[:ROWS_INSIDE])
    return _Inside(layers, target, noise, own)


def _over_features(
    look: _Look,
    reference: Reference,
    measures: Mapping[str, Similarity],
    inside: _Inside | None,
    *,
    failed: dict[str, str],
) -> dict[str, Likeness]:
    """Measured on pooled features, or, against what BatchNorm remembers, ``inside`` the network."""
    if inside is not None:
        target, noise = inside.behind(inside.target), inside.behind(inside.noise)
    else:
        # statistics move with the image size, so the target is seen as the source was
        side = look.backbone.side if reference.origin == "source images" else reference.side
        run = partial(pooled, look.model)
        most = look.affordable(ROWS, side)
        target = look.rows(run, look.target(most, side))
        least = min(NOISE, max(NOISE_INSIDE * most // ROWS_INSIDE, LEAST_NOISE))
        noise = look.rows(run, noise_images(min(len(target), least), side, look.seed))
    found: dict[str, Likeness] = {}
    for name, measure in measures.items():
        look.pulse()
        with _leaving_out(name, failed):
            found[name] = _finite(
                calibrated_similarity(
                    target, reference, noise, measure, seed=derive(look.seed, name), resamples=look.resamples
                )
            )
    return found


def _over_layers(
    look: _Look, inside: _Inside, measures: Mapping[str, LayerSimilarity], *, failed: dict[str, str]
) -> dict[str, Likeness]:
    layers = inside.layers
    found: dict[str, Likeness] = {}
    for name, measure in measures.items():
        look.pulse()
        with _leaving_out(name, failed):
            found[name] = _finite(
                layer_similarity(
                    split_moments(inside.target, layers),
                    layers,
                    split_moments(inside.noise, layers),
                    measure,
                    own=None if inside.own is None else split_moments(inside.own, layers),
                    seed=derive(look.seed, name),
                    resamples=look.resamples,
                )
            )
    return found


@contextmanager
def _leaving_out(name: str, failed: dict[str, str]) -> Iterator[None]:
    """Note in ``failed`` why the similarity of that name failed, instead of raising it."""
    try:
        yield
    except OutOfTime:
        raise
    except FAILURES as error:  # a stranger's code: a likeness is one piece of evidence among several
        failed[name] = described(error)


def _finite(found: Likeness) -> Likeness:
    """Return the likeness as it is. Raises ValueError where it is infinite or NaN."""
    for value in (found.value, found.calibrated, *found.ci95):
        if not math.isfinite(value):
            raise ValueError(f"it gave {value}, and a finite number is expected")
    return found


def _reference(look: _Look) -> Reference | None:
    """What stands for the source: the user's images of it, what lies beside the weights, or BatchNorm."""
    if look.source is not None:
        rows = look.rows(partial(pooled, look.model), look.source)
        return build_reference(rows, side=look.backbone.side)
    folder = look.backbone.weights.folder
    kept = load_reference(folder) if folder else None
    return kept or batchnorm_reference(look.model)


def _note(backbone: Backbone, reference: Reference | None) -> str:
    told = {
        "shipped": "against the features of {n:,} source images kept beside the weights",
        "source images": "against the features of {n:,} source images",
        "batchnorm": "against its BatchNorm layers' running statistics, since no source images are at hand",
    }
    origin, n = (reference.origin, reference.n) if reference else ("batchnorm", 0)
    return f"The likeness to {backbone.name}'s source was measured {told[origin].format(n=n)}."
