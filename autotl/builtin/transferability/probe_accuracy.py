"""How well a linear classifier on the frozen features does on images it has not learned from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability

FOLDS = 5


class ProbeAccuracy:
    """Cross-validated accuracy of the linear probe with its default setting.

    The classifier of the search is used, and its out-of-sample answers where they are already known.
    """

    name = "probe_accuracy"
    summary = "cross-validated accuracy of the linear probe"
    reference = "Kornblith et al., Do Better ImageNet Models Transfer Better?, CVPR 2019, arXiv:1805.08974"
    needs_head = False

    def score(self, seen: LabelledFeatures) -> float:
        return float(self.contributions(seen).mean())

    def contributions(self, seen: LabelledFeatures) -> NDArray[np.float64]:
        """1 for each image (n,) that the others' classifier names right, else 0."""
        logits = _out_of_sample(seen) if seen.probe is None else seen.probe
        hits: NDArray[np.float64] = (logits.argmax(1) == seen.labels).astype(np.float64)
        return hits


def _out_of_sample(seen: LabelledFeatures) -> NDArray[np.float64]:
    import torch

    from autotl.training import out_of_fold_logits

    features = torch.from_numpy(np.ascontiguousarray(seen.features, dtype=np.float32))
    found = out_of_fold_logits(features, torch.from_numpy(seen.labels), classes=seen.classes, parts=FOLDS)
    return found.double().numpy()


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [ProbeAccuracy()]
