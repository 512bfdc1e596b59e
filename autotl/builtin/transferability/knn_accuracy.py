"""Score how often the nearest neighbours of an image have its class."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability

NEIGHBOURS = 5
BLOCK = 1024  # rows compared with all others at a time
TEMPERATURE = 0.07


class KnnAccuracy:
    """The leave-one-out accuracy of the 5 nearest neighbours.

    They are found by cosine similarity of centred features. Neighbours vote with the weight exp(cosine /
    0.07), as in Wu et al.
    """

    name = "knn_accuracy"
    summary = "leave-one-out accuracy of the nearest neighbours: no fitting"
    reference = "Wu et al., Unsupervised Feature Learning via Instance Discrimination, CVPR 2018, 1805.01978"
    needs_head = False

    def score(self, seen: LabelledFeatures) -> float:
        return float(self.contributions(seen).mean())

    def contributions(self, seen: LabelledFeatures) -> NDArray[np.float64]:
        """Return 1 for each correctly classified image, else 0, (n,)."""
        x = (seen.features - seen.features.mean(0)).astype(np.float32)
        x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
        n, k = len(x), min(NEIGHBOURS, len(x) - 1)
        hits = np.empty(n)
        for start in range(0, n, BLOCK):
            rows = np.arange(start, min(start + BLOCK, n))
            cosine = x[rows] @ x.T  # (block, n)
            cosine[np.arange(len(rows)), rows] = -np.inf
            chosen = np.argpartition(-cosine, k - 1, axis=1)[:, :k]
            weight = np.exp((np.take_along_axis(cosine, chosen, 1) - 1) / TEMPERATURE)
            votes = np.zeros((len(rows), seen.classes))
            np.add.at(votes, (np.arange(len(rows))[:, None], seen.labels[chosen]), weight)
            hits[rows] = votes.argmax(1) == seen.labels[rows]
        return hits


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [KnnAccuracy()]
