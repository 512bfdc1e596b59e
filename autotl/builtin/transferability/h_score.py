"""Score the variance between classes, in units of the features' covariance."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability


class HScore:
    """The H-score, tr(cov(f)⁺ cov(E[f|y])) with 1/n covariances.

    It is between 0 and the number of classes minus one. With fewer images than features it is at its maximum
    for any labels: use the regularised form then.
    """

    name = "h_score"
    summary = "variance between classes, in units of the features' own; needs more images than features"
    reference = "Bao et al., An Information-Theoretic Approach to Transferability, ICIP 2019"
    needs_head = False

    def score(self, seen: LabelledFeatures) -> float:
        x, means = _centred(seen)
        values, directions, kept = _axes(x)
        along = means @ directions[:, kept]  # (classes, r), weighted by the root of class frequency
        return float((along**2 / values[kept]).sum())


class RegularisedHScore:
    """The H-score with a covariance shrunk towards the identity.

    The shrinkage is that of Ledoit & Wolf. The variance between classes is shrunk as well, so that noise
    among few images has little effect.
    """

    name = "h_score_regularised"
    summary = "H-score with a shrunk covariance: also for fewer images than features"
    reference = "Ibrahim et al., Newer is Not Always Better, ECML-PKDD 2022, arXiv:2110.06893"
    needs_head = False

    def score(self, seen: LabelledFeatures) -> float:
        from sklearn.covariance import ledoit_wolf_shrinkage

        x, means = _centred(seen)
        d = x.shape[1]
        share = float(ledoit_wolf_shrinkage(x, assume_centered=True))
        values, directions, kept = _axes(x)
        mean_variance = float((x**2).sum() / x.size)
        if mean_variance == 0:
            return 0.0
        along = means @ directions[:, kept]
        inside = (along**2 / ((1 - share) * values[kept] + share * mean_variance)).sum()
        outside = 0.0  # the part of the class means along no axis: rounding
        if share > 0 and d > kept.sum():
            outside = max(float((means**2).sum() - (along**2).sum()), 0.0) / (share * mean_variance)
        return float((1 - share) * (inside + outside))


def _centred(seen: LabelledFeatures) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return centred rows and weighted class means.

    The rows are (n, d). The means (classes, d) are multiplied by the root of class frequency.
    """
    x = seen.features - seen.features.mean(0)
    counts = np.bincount(seen.labels, minlength=seen.classes)
    sums = np.eye(seen.classes)[seen.labels].T @ x
    return x, sums / np.sqrt(np.maximum(counts, 1) * len(x))[:, None]


def _axes(
    x: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return variances, principal axes, and which exceed rounding.

    Their shapes are (r,), (d, r) and (r,).
    """
    n, d = x.shape
    if n <= d:
        values, weights = np.linalg.eigh(x @ x.T / n)
        kept = values > max(n, d) * 1e-13 * max(float(values[-1]), 1e-300)
        axes = np.zeros((d, n))
        axes[:, kept] = x.T @ (weights[:, kept] / np.sqrt(n * values[kept]))
        return values, axes, kept
    values, axes = np.linalg.eigh(x.T @ x / n)
    return values, axes, values > d * 1e-13 * max(float(values[-1]), 1e-300)


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [HScore(), RegularisedHScore()]
