"""Look at the training images through a frozen backbone: one pass, which scores and findings share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import LabelledFeatures
from autotl.backbone import classifier_of
from autotl.clock import NEVER, Deadline
from autotl.data import stratified_parts
from autotl.errors import WeightsError
from autotl.metrics import softmax
from autotl.training import LOOKED, PROBE, cross_logits
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.run_cache import RunCache
from autotl.workbench.stage_prefill import keep_late_maps


def look(
    materials: RunCache,
    backbone: str,
    *,
    seed: int,
    reuse: bool = True,
    fits: Deadline = NEVER,
) -> LabelledFeatures:
    """Return the features and probe logits of the training rows, in the order of ``materials``.

    Args:
        materials: The images and backbones.
        backbone: The name of the backbone, used at its recommended image size.
        seed: Divides the rows that the probe is cross-validated on.
        reuse: Whether the maps of late stages are kept as well.
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
    """Logits (rows, classes) of a linear classifier that has learned from other rows: each part of the
    training rows is scored by what the other parts teach.
    """
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
        folds = materials.splits.first
        features = materials.features(backbone, side=side)
        if len(folds) == 1:
            parts = stratified_parts(materials.dataset, np.sort(materials.order), seed=seed)
            found = cross_logits(
                features.to(materials.device),
                materials.labels.to(materials.device),
                classes=classes,
                parts=[materials.positions(part).to(materials.device) for part in parts],
                end=end,
            )
            out[:] = found.cpu().numpy()
            return
        # equal where a row is in no fold, as a class of one group is: nothing else has taught it
        out.fill(0)
        heads = materials.heads(backbone, LOOKED, side=side, end=end)[:-1, LOOKED.index(PROBE)]
        for fold, head in zip(folds, heads, strict=True):
            own = materials.positions(fold.val)
            out[own.numpy()] = (features[own] @ head[:, :-1].T + head[:, -1]).numpy()

    return materials.store.array(key, (rows, classes), np.float32, fill)


def _source_probabilities(
    materials: RunCache, backbone: str, features: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """What the source head says of each row (n, source classes); None for a backbone without a linear one."""
    try:
        weight, bias = classifier_of(materials.source_model(backbone))
    except WeightsError:
        return None
    if not materials.backbones[backbone].weights.pretrained:
        return None
    logits = features @ weight.cpu().double().numpy().T + bias.cpu().double().numpy()
    return softmax(logits, axis=1)
