"""How often an image is nearest to the mean of its own class."""

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures


class CentroidAccuracy:
    """Leave-one-out accuracy of the nearest class mean, features scaled to variance 1.

    Each image is taken out of its own class's mean before it is compared with it.
    """

    name = "centroid_accuracy"
    summary = "leave-one-out accuracy of the nearest class mean: no setting, no fitting"
    reference = "Snell et al., Prototypical Networks for Few-shot Learning, NeurIPS 2017"
    needs_head = False

    def score(self, seen: LabelledFeatures) -> float:
        return float(self.contributions(seen).mean())

    def contributions(self, seen: LabelledFeatures) -> NDArray[np.float64]:
        """1 for each image (n,) whose class has the nearest mean, else 0."""
        spread = seen.features.std(0)
        x = (seen.features - seen.features.mean(0)) / np.where(spread > 0, spread, 1.0)
        member = np.eye(seen.classes)[seen.labels]  # (n, classes)
        counts = np.maximum(member.sum(0), 1)
        means = (member.T @ x) / counts[:, None]
        apart = (x**2).sum(1)[:, None] - 2 * x @ means.T + (means**2).sum(1)  # (n, classes)
        rows, own = np.arange(len(x)), seen.labels
        # without x itself, its class's mean lies n/(n-1) times as far from it
        apart[rows, own] *= (counts[own] / np.maximum(counts[own] - 1, 1)) ** 2
        return (apart.argmin(1) == own).astype(np.float64)


@hookimpl
def autotl_transferabilities() -> list[CentroidAccuracy]:
    return [CentroidAccuracy()]
