"""Score by LEEP with clusters in place of source classes."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability
from autotl.builtin.transferability.leep import log_expected_prediction

MAX_AXES = 64
VARIANCE_SHARE = 0.8
COMPONENTS_PER_CLASS, MAX_COMPONENTS = 5, 100
MIN_ROWS_PER_COMPONENT = 4
MAX_FIT_ROWS = 2000
"""Images that the mixture is fitted to; the posteriors of all images are used."""


class NLeep:
    """LEEP on the posteriors of a Gaussian mixture.

    The mixture is over the features' principal axes. The first axes with 80 % of the variance are kept, at
    most 64. The mixture has five components per class as in the paper, at most 100, and at most one for every
    four distinct images. Covariances are diagonal, because the axes are uncorrelated.
    """

    name = "nleep"
    summary = "LEEP with clusters of the features in place of the source head's classes"
    reference = "Li et al., Ranking Neural Checkpoints, CVPR 2021, arXiv:2011.11200"
    needs_head = False

    def score(self, seen: LabelledFeatures) -> float:
        projected = _project(seen.features)
        if projected is None:
            constant = np.ones((len(seen.labels), 1))
            return float(log_expected_prediction(constant, seen.labels, seen.classes).mean())
        order = np.lexsort(projected.T[::-1])  # the order of the images must not matter
        projected, labels = projected[order], seen.labels[order]
        posteriors = _posteriors(projected, classes=seen.classes)
        return float(log_expected_prediction(posteriors, labels, seen.classes).mean())


def _project(features: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Project on the principal axes; None for constant features."""
    x = features - features[0]  # constant features become exactly 0
    x -= x.mean(0)
    has_more_rows = len(x) > x.shape[1]
    values, vectors = np.linalg.eigh(x.T @ x if has_more_rows else x @ x.T)
    if values[-1] <= 0:
        return None
    order = np.argsort(-values)
    explained = np.cumsum(values[order]) / values.sum()
    kept = order[: min(MAX_AXES, int(np.searchsorted(explained, VARIANCE_SHARE)) + 1)]
    projected: NDArray[np.float64]
    projected = x @ vectors[:, kept] if has_more_rows else vectors[:, kept] * np.sqrt(values[kept])
    projected = projected / projected.std()
    # The sign of an axis is arbitrary; the largest absolute value becomes positive.
    largest = projected[np.abs(projected).argmax(0), np.arange(projected.shape[1])]
    projected *= np.where(largest < 0, -1, 1)
    return projected


def _posteriors(projected: NDArray[np.float64], *, classes: int) -> NDArray[np.float64]:
    """Return the posteriors of a fitted Gaussian mixture."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    rows = np.linspace(0, len(projected) - 1, min(MAX_FIT_ROWS, len(projected))).astype(int)
    fitted = projected[rows]
    distinct = len(np.unique(fitted, axis=0))
    limit = min(MAX_COMPONENTS, distinct // MIN_ROWS_PER_COMPONENT)
    components = max(1, min(COMPONENTS_PER_CLASS * classes, limit))
    with warnings.catch_warnings():
        # a mixture that has nearly converged ranks as well
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture = GaussianMixture(
            components, covariance_type="diag", reg_covar=1e-3, max_iter=30, tol=1e-2, random_state=0
        ).fit(fitted)
    posteriors: NDArray[np.float64] = mixture.predict_proba(projected)
    return posteriors


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [NLeep()]
