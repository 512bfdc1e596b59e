"""Look at the training images through a frozen backbone: one pass, which scores and findings share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autotl.api import LabelledFeatures
from autotl.backbone import classifier_of
from autotl.errors import WeightsError
from autotl.search.materials import Materials


def look(materials: Materials, backbone: str, *, seed: int) -> LabelledFeatures:
    """What a backbone sees in the training rows, in the order of ``materials``, at its recommended size."""
    side = materials.backbones[backbone].side
    features = materials.features(backbone, side=side).double().numpy()
    probe = materials.cross_probe(backbone, side=side, seed=seed).double().numpy()
    labels = materials.labels.numpy()
    return LabelledFeatures(features, labels, _source_probabilities(materials, backbone, features), probe)


def _source_probabilities(
    materials: Materials, backbone: str, features: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """What the source head says of each row (n, source classes); None for a backbone without a linear one."""
    try:
        weight, bias = classifier_of(materials.source_model(backbone))
    except WeightsError:
        return None
    if not materials.backbones[backbone].weights.pretrained:
        return None
    logits = features @ weight.cpu().double().numpy().T + bias.cpu().double().numpy()
    return softmax(logits)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities (n, classes) of logits."""
    raised = np.exp(logits - logits.max(1, keepdims=True))
    found: NDArray[np.float64] = raised / raised.sum(1, keepdims=True)
    return found
