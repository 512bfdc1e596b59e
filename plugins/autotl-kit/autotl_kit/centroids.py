"""Score backbones by the accuracy of the nearest class mean."""

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures


class CentroidAccuracy:
    """Leave-one-out accuracy of the nearest class mean, with features scaled to variance 1.

    The mean of an image's own class excludes the image.
    """

    name = "centroid_accuracy"
    summary = "leave-one-out accuracy of the nearest class mean: without settings or training"
    reference = "Snell et al., Prototypical Networks for Few-shot Learning, NeurIPS 2017"
    needs_head = False

    def score(self, seen: LabelledFeatures) -> float:
        """Return the accuracy, in [0, 1]."""
        return float(self.contributions(seen).mean())

    def contributions(self, seen: LabelledFeatures) -> NDArray[np.float64]:
        """Return 1 for each image whose class has the nearest mean, else 0; (n,)."""
        rows, labels = seen.features, seen.labels
        std = rows.std(0)
        x = (rows - rows.mean(0)) / np.where(std > 0, std, 1.0)
        member = np.eye(seen.classes)[labels]  # (n, classes)
        counts = np.maximum(member.sum(0), 1)
        means = (member.T @ x) / counts[:, None]
        distances = (x**2).sum(1)[:, None] - 2 * x @ means.T + (means**2).sum(1)  # (n, classes)
        # the mean of the class without x is n/(n-1) times as far from x
        factors = (counts[labels] / np.maximum(counts[labels] - 1, 1)) ** 2
        distances[np.arange(len(x)), labels] *= factors
        return (distances.argmin(1) == labels).astype(np.float64)


@hookimpl
def autotl_transferabilities() -> list[CentroidAccuracy]:
    """Provide the transferability score."""
    return [CentroidAccuracy()]
