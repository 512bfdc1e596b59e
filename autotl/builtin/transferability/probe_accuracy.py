"""Score a linear probe on the frozen features by cross-validation."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability

FOLDS = 5


class ProbeAccuracy:
    """The cross-validated accuracy of the linear probe with default settings.

    The classifier is that of the search; its out-of-sample logits are reused if they are known.
    """

    name = "probe_accuracy"
    summary = "cross-validated accuracy of the linear probe"
    reference = "Kornblith et al., Do Better ImageNet Models Transfer Better?, CVPR 2019, arXiv:1805.08974"
    needs_head = False

    def score(self, seen: LabelledFeatures) -> float:
        return float(self.contributions(seen).mean())

    def contributions(self, seen: LabelledFeatures) -> NDArray[np.float64]:
        """Return 1 for each correctly classified image, else 0, (n,)."""
        logits = _cross_validated_logits(seen) if seen.probe is None else seen.probe
        hits: NDArray[np.float64] = (logits.argmax(1) == seen.labels).astype(np.float64)
        return hits


def _cross_validated_logits(seen: LabelledFeatures) -> NDArray[np.float64]:
    import torch

    from autotl.training import out_of_fold_logits

    features = torch.from_numpy(np.ascontiguousarray(seen.features, dtype=np.float32))
    logits = out_of_fold_logits(features, torch.from_numpy(seen.labels), classes=seen.classes, parts=FOLDS)
    return logits.double().numpy()


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [ProbeAccuracy()]
