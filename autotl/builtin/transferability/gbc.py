"""Score how little the classes overlap as Gaussians."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability

MAX_AXES = 64
MIN_VARIANCE_SHARE = 1e-3
"""Smallest variance of a class, relative to the mean variance: two images may have almost none."""


class Gbc:
    """Minus the mean Bhattacharyya coefficient of pairs of classes.

    It is -1 for equal classes and 0 for separate ones. Classes are Gaussians with one variance for all axes,
    as the paper recommends, over at most 64 principal axes. The paper sums over pairs. The mean gives the
    same ranking and does not grow with the classes.
    """

    name = "gbc"
    summary = "overlap of the classes as Gaussians, 0 where they are apart"
    reference = "Pándy et al., Transferability Estimation using Bhattacharyya Class Separability, CVPR 2022"
    needs_head = False

    def score(self, seen: LabelledFeatures) -> float:
        x = _project(seen.features)  # (n, r)
        counts = np.maximum(np.bincount(seen.labels, minlength=seen.classes), 1)
        means = (np.eye(seen.classes)[seen.labels].T @ x) / counts[:, None]
        deviations = ((x - means[seen.labels]) ** 2).mean(1)
        mean_variance = float((x**2).mean())
        if mean_variance == 0:
            return -1.0
        variance = np.bincount(seen.labels, deviations, minlength=seen.classes) / counts
        variance = np.maximum(variance, MIN_VARIANCE_SHARE * mean_variance)  # (classes,)
        pooled = (variance[:, None] + variance) / 2
        distance = ((means[:, None] - means) ** 2).sum(2)  # (classes, classes)
        log_ratio = 0.5 * x.shape[1] * np.log(pooled / np.sqrt(np.outer(variance, variance)))
        overlap = np.exp(-(distance / (8 * pooled) + log_ratio))
        pairs = np.triu_indices(seen.classes, 1)
        return float(-overlap[pairs].mean())


def _project(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Project the rows on their first principal axes, (n, r)."""
    x = features - features.mean(0)
    n, d = x.shape
    values, vectors = np.linalg.eigh(x @ x.T if n <= d else x.T @ x)
    kept = np.argsort(-values)[: min(MAX_AXES, n, d)]
    projected: NDArray[np.float64] = (
        vectors[:, kept] * np.sqrt(np.maximum(values[kept], 0)) if n <= d else x @ vectors[:, kept]
    )
    return projected


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [Gbc()]
