"""Measure distances that ignore what varies within the classes of source images.

References: Hariharan, Malik and Ramanan, Discriminative decorrelation for clustering and classification, ECCV
2012. Dai, Yang, Xue and Yu, Self-taught clustering, ICML 2008.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.exploration.grouping.clustering import Ids
from autotl.exploration.grouping.reduction import Matrix, unit_rows
from autotl.exploration.grouping.stability import Stability

MIN_VARIANCE = 1e-12
"""The mean variance within classes below which nothing is divided by it."""


@dataclass(frozen=True, slots=True)
class SourceComparison:
    """The stability of clusters with source images, and without.

    Both have the number of clusters that is best for them. The source is used if ``kept`` is true.
    """

    with_source: Stability
    without: Stability

    @property
    def kept(self) -> bool:
        """Whether the clusters are more stable with the source.

        Clear clusters are preferred to others. Else the gain must be larger by more than both errors.
        """
        new, old = self.with_source, self.without
        if new.is_clear != old.is_clear:
            return new.is_clear
        return new.gain - old.gain > new.gain_error + old.gain_error


def whitening(features: NDArray[np.floating], labels: Ids) -> Matrix:
    """Return the linear map (features, features) that whitens what varies within classes.

    After it, the covariance of source images around their class means is the identity. A difference in pose
    or light, which source classes have within them, counts less than one between classes. The covariance is
    shrunk (Ledoit and Wolf, A well-conditioned estimator for large-dimensional covariance matrices, 2004), so
    that few images change the distances little. Without any variance within classes the map is the identity.

    Args:
        features: Features of the source images, (n, features).
        labels: Their classes, (n,).
    """
    from sklearn.covariance import ledoit_wolf

    centred = _within_classes(unit_rows(features), labels)
    if len(centred) < 2 or float((centred**2).mean()) < MIN_VARIANCE:
        return np.eye(features.shape[1], dtype=np.float32)
    covariance = ledoit_wolf(centred, assume_centered=True)[0]
    values, vectors = np.linalg.eigh(covariance)
    scales = 1 / np.sqrt(np.maximum(values, MIN_VARIANCE))
    found: Matrix = ((vectors * scales) @ vectors.T).astype(np.float32)
    return found


def _within_classes(rows: Matrix, labels: Ids) -> NDArray[np.float64]:
    """Return rows minus the mean of their class; classes of one image are left out."""
    found = []
    for number in np.unique(labels):
        own = rows[labels == number].astype(np.float64)
        if len(own) > 1:
            found.append(own - own.mean(axis=0))
    return np.concatenate(found) if found else np.zeros((0, rows.shape[1]))
