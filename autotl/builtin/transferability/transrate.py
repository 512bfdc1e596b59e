"""Score the mutual information between features and labels by coding rates."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability

PRECISION = 1e-4  # ε of the coding rate


class TransRate:
    """The coding rate of all features minus that within classes.

    It is in nats. It estimates the mutual information with the label. Features are centred and scaled to a
    covariance of trace 1, so that ε means the same for all backbones.
    """

    name = "transrate"
    summary = "coding rate of all features minus that within the classes"
    reference = "Huang et al., Frustratingly Easy Transferability Estimation, ICML 2022, arXiv:2106.09362"
    needs_head = False

    def score(self, seen: LabelledFeatures) -> float:
        x = seen.features - seen.features.mean(0)
        scale = np.sqrt((x**2).sum() / len(x))
        if scale == 0:
            return 0.0
        x = x / scale
        within = sum(
            (seen.labels == label).mean() * _coding_rate(x[seen.labels == label])
            for label in range(seen.classes)
        )
        return float(_coding_rate(x) - within)


def _coding_rate(x: NDArray[np.float64]) -> float:
    """Return the coding rate ½ log det(I + XᵀX / (n ε)).

    It is computed from the smaller of the two Gram matrices.
    """
    n, d = x.shape
    if n == 0:
        return 0.0
    gram = x @ x.T if n < d else x.T @ x
    gram[np.diag_indices_from(gram)] += n * PRECISION
    return 0.5 * float(np.linalg.slogdet(gram / (n * PRECISION))[1])


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [TransRate()]
