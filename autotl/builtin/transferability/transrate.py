"""How much of the features' information is about the label."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability

PRECISION = 1e-4


class TransRate:
    """The coding rate of the features less that of each class's own: an estimate of their mutual information
    with the label, in nats. Features are centred and scaled first, so that the trace of their covariance
    is 1: ε then means the same for all backbones.
    """

    name = "transrate"
    summary = "coding rate of all features less that within the classes"
    reference = "Huang et al., Frustratingly Easy Transferability Estimation, ICML 2022, arXiv:2106.09362"
    needs_head = False

    def score(self, seen: LabelledFeatures) -> float:
        x = seen.features - seen.features.mean(0)
        size = np.sqrt((x**2).sum() / len(x))
        if size == 0:
            return 0.0
        x = x / size
        within = sum(
            (seen.labels == label).mean() * _rate(x[seen.labels == label]) for label in range(seen.classes)
        )
        return float(_rate(x) - within)


def _rate(x: NDArray[np.float64]) -> float:
    """½ log det(I + XᵀX / (n ε)), from the smaller of the two Gram matrices."""
    n, d = x.shape
    if n == 0:
        return 0.0
    gram = x @ x.T if n < d else x.T @ x
    gram[np.diag_indices_from(gram)] += n * PRECISION
    return 0.5 * float(np.linalg.slogdet(gram / (n * PRECISION))[1])


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [TransRate()]
