"""Compute the frozen features of the training images: one pass that scores and issues share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import LabelledFeatures
from autotl.backbone import classifier_of
from autotl.clock import NEVER, Deadline
from autotl.data import cross_parts
from autotl.errors import WeightsError
from autotl.metrics import softmax
from autotl.training import LOOKED, PROBE, cross_logits
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.run_cache import RunCache
from autotl.workbench.stage_prefill import keep_late_maps


def frozen_features(
    materials: RunCache,
    backbone: str,
    *,
    seed: int,
    reuse: bool = True,
    fits: Deadline = NEVER,
) -> LabelledFeatures:
    """Return the features and probe logits of the training rows.

    They are in the order of ``materials``.

    Args:
        materials: The images and backbones.
        backbone: The name of the backbone, used at its recommended image size.
        seed: The seed of the parts of the probe's cross-validation.
        reuse: Whether the activations of late stages are kept as well.
        fits: The deadline at which the classifiers stop at their current iterate.
    """
    keep_late_maps(materials, ActivationCache(materials, on=reuse), backbone)
    side = materials.backbones[backbone].side
    features = materials.features(backbone, side=side).double().numpy()
    probe = _cross_probe(materials, backbone, side=side, seed=seed, end=fits)
    probe = probe.astype(np.float64)
    labels = materials.labels.numpy()
    return LabelledFeatures(features, labels, _source_probabilities(materials, backbone, features), probe)


def _cross_probe(materials: RunCache, backbone: str, *, side: int, seed: int, end: Deadline) -> NDArray[Any]:
    """Return cross-validated logits (rows, classes) of a linear classifier."""
    rows, classes = len(materials.order), len(materials.dataset.classes)
    key = {
        "crossed": materials.features_key(backbone, side),
        "split": materials.splits.hash,
        "labels": materials.dataset.digest,
        "setting": [PROBE.c, PROBE.standardise, PROBE.balanced],
        "row weights": materials.weighed,
        "seed": seed,
    }

    def fill(out: NDArray[np.float32]) -> None:
        if len(materials.splits.first) == 1:
            out[:] = _of_parts(materials, backbone, side=side, seed=seed, end=end)
        else:
            _of_folds(materials, backbone, out, side=side, end=end)

    return materials.store.array(key, (rows, classes), np.float32, fill)


def _of_parts(materials: RunCache, backbone: str, *, side: int, seed: int, end: Deadline) -> NDArray[Any]:
    """Return cross-validated logits over parts of a single fold."""
    parts = cross_parts(materials.dataset, np.sort(materials.order), seed=seed)
    found = cross_logits(
        materials.features(backbone, side=side).to(materials.device),
        materials.labels.to(materials.device),
        classes=len(materials.dataset.classes),
        parts=[materials.positions(part).to(materials.device) for part in parts],
        end=end,
    )
    logits: NDArray[Any] = found.cpu().numpy()
    return logits


def _of_folds(
    materials: RunCache, backbone: str, out: NDArray[np.float32], *, side: int, end: Deadline
) -> None:
    """Fill in cross-validated logits over the folds of the search."""
    features = materials.features(backbone, side=side)
    out.fill(0)  # rows in no fold, such as a class of one group, get equal logits: no classifier scores them
    heads = materials.heads(backbone, LOOKED, side=side, end=end)[:-1, LOOKED.index(PROBE)]
    for fold, head in zip(materials.splits.first, heads, strict=True):
        own = materials.positions(fold.val)
        out[own.numpy()] = (features[own] @ head[:, :-1].T + head[:, -1]).numpy()


def _source_probabilities(
    materials: RunCache, backbone: str, features: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return the source head's probabilities (n, source classes); None without a linear source head."""
    try:
        weight, bias = classifier_of(materials.source_model(backbone))
    except WeightsError:
        return None
    if not materials.backbones[backbone].weights.pretrained:
        return None
    logits = features @ weight.cpu().double().numpy().T + bias.cpu().double().numpy()
    return softmax(logits, axis=1)
