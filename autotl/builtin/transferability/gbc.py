"""How much the classes overlap, each taken as a Gaussian."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability

AXES = 64
FLOOR = 1e-3
"""Of the mean variance, the least that an axis of a class is given: two images have none along most axes."""


class Gbc:
    """Minus the mean Bhattacharyya coefficient over pairs of classes: from -1 (all the same) to 0 (apart).

    Classes are Gaussians with one variance for all axes, as the paper recommends, over at most 64 principal
    axes. The paper sums over pairs; the mean ranks the same and does not grow with the classes.
    """

    name = "gbc"
    summary = "overlap of the classes as Gaussians, 0 where they are apart"
    reference = "Pándy et al., Transferability Estimation using Bhattacharyya Class Separability, CVPR 2022"
    needs_head = False

    def score(self, seen: LabelledFeatures) -> float:
        x = _axes(seen.features)  # (n, r)
        counts = np.maximum(np.bincount(seen.labels, minlength=seen.classes), 1)
        means = (np.eye(seen.classes)[seen.labels].T @ x) / counts[:, None]
        apart = ((x - means[seen.labels]) ** 2).mean(1)
        even = float((x**2).mean())
        if even == 0:
            return -1.0
        variance = np.bincount(seen.labels, apart, minlength=seen.classes) / counts
        variance = np.maximum(variance, FLOOR * even)  # (classes,)
        both = (variance[:, None] + variance) / 2
        gap = ((means[:, None] - means) ** 2).sum(2)  # (classes, classes)
        logs = 0.5 * x.shape[1] * np.log(both / np.sqrt(np.outer(variance, variance)))
        overlap = np.exp(-(gap / (8 * both) + logs))
        pairs = np.triu_indices(seen.classes, 1)
        return float(-overlap[pairs].mean())


def _axes(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rows along their first principal axes, (n, r)."""
    x = features - features.mean(0)
    n, d = x.shape
    values, found = np.linalg.eigh(x @ x.T if n <= d else x.T @ x)
    kept = np.argsort(-values)[: min(AXES, n, d)]
    turned: NDArray[np.float64] = (
        found[:, kept] * np.sqrt(np.maximum(values[kept], 0)) if n <= d else x @ found[:, kept]
    )
    return turned


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [Gbc()]
