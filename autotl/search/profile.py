"""Profile the task before the search: how far it lies from each source, and what the rule of thumb says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autotl.api import Backbone, Likeness, Reference, Similarity, Task
from autotl.backbone import (
    batchnorm_reference,
    batchnorm_rows,
    build_reference,
    likeness,
    load_reference,
    noise_pixels,
    pooled,
)
from autotl.data import render, view_of
from autotl.search.materials import Materials
from autotl.seeds import derive
from autotl.train import in_batches

ROWS, ROWS_INSIDE = 400, 150
"""Distances are measured on at most this many images (inside the network, at the weights' own image size,
each costs more); more would narrow the interval, not change the answer.
"""
SMALL, PER_CLASS, SIMILAR = 2000, 100, 0.5


def measure_likeness(
    materials: Materials,
    backbone: Backbone,
    similarities: Mapping[str, Similarity],
    *,
    source: Tensor | None,
    seed: int,
) -> tuple[dict[str, Likeness], str]:
    """Each similarity of the training images to a backbone's source, and a note on what it was measured
    against.

    ``source`` are uint8 images (n, 3, side, side) of the source data, if the user has some; else the
    reference kept beside the weights is used, else the running statistics of the last BatchNorm. Empty where
    there is none of these.
    """
    if not backbone.weights.pretrained:
        return {}, f"{backbone.name} has random weights: there is no source to be like."
    model = materials.source_model(backbone.name)

    def rows_of(pixels: Tensor, inside: bool) -> NDArray[np.float64]:
        rows = in_batches(
            batchnorm_rows(model) if inside else partial(pooled, model),
            pixels,
            normalise=lambda x: materials.normalise(backbone.name, x),
            device=materials.device,
        )
        return rows.double().numpy()

    reference = _reference(materials, backbone, source, rows_of)
    if reference is None:
        return {}, (
            f"{backbone.name} has no source reference and no BatchNorm, so the likeness is unknown. "
            f"Give some of its training images as source= (--source) to measure it."
        )
    inside = reference.origin == "batchnorm"
    # statistics move with the image size, so the target is seen as the source was
    side = backbone.side if reference.origin == "source images" else reference.side
    order = np.random.default_rng(derive(seed, "likeness")).permutation(len(materials.order))
    chosen = materials.order[np.sort(order[: ROWS_INSIDE if inside else ROWS])]
    view = view_of(backbone.config, side=side)
    target = rows_of(torch.from_numpy(render(materials.dataset, chosen, view)), inside)
    noise = rows_of(noise_pixels(min(len(target), 128), side, seed), inside)
    found = {
        name: likeness(target, reference, noise, measure, seed=derive(seed, name))
        for name, measure in similarities.items()
    }
    return found, _note(backbone, reference)


def _reference(
    materials: Materials,
    backbone: Backbone,
    source: Tensor | None,
    rows_of: Callable[[Tensor, bool], NDArray[np.float64]],
) -> Reference | None:
    if source is not None:
        return build_reference(rows_of(source, False), side=backbone.side)
    kept = load_reference(backbone.weights.folder) if backbone.weights.folder else None
    return kept or batchnorm_reference(materials.source_model(backbone.name))


def _note(backbone: Backbone, reference: Reference) -> str:
    told = {
        "shipped": f"against the features of {reference.n:,} source images kept beside the weights",
        "source images": f"against the features of {reference.n:,} source images",
        "batchnorm": "against its last BatchNorm's running statistics, since no source images are at hand",
    }
    return f"The likeness to {backbone.name}'s source was measured {told[reference.origin]}."


@dataclass(frozen=True, slots=True)
class Advice:
    """What the size-and-similarity rule suggests, before any training."""

    strategy: str
    sentence: str


def rule_of_thumb(task: Task, likeness: float | None) -> Advice:
    """The field's rule (Stanford CS231n, "Transfer Learning"): the smaller the data, the less is trained; the
    farther from the source, the more has to be. ``likeness`` is calibrated in [0, 1], or None where
    unknown.
    """
    small = task.train_rows < SMALL or task.min_per_class < PER_CLASS
    size = f"{task.train_rows:,} training images, {task.min_per_class} in the smallest class, are " + (
        "few" if small else "many"
    )
    if likeness is None:
        chosen = "linear_probe" if small else "finetune"
        return Advice(chosen, f"{size}, and the likeness to the source is unknown: try {chosen}.")
    near = likeness >= SIMILAR
    place = f"the images are {'near' if near else 'far from'} the source ({likeness:.2f} of 1)"
    if small and near:
        return Advice("linear_probe", f"{size} and {place}: frozen features should do.")
    if small:
        return Advice("finetune", f"{size} but {place}: fine-tune carefully, early stages frozen.")
    if near:
        return Advice("finetune", f"{size} and {place}: fine-tune everything.")
    return Advice(
        "finetune",
        f"{size} but {place}: fine-tune everything, and expect training from scratch to come close.",
    )
