"""LEEP without a source head: clusters of the features stand in for its classes."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability
from autotl.builtin.transferability.leep import log_expected_prediction

AXES, PER_CLASS, MOST = 64, 5, 100
ROWS = 2000
"""Images that the mixture is fitted to; the posteriors of all are used."""


class NLeep:
    """LEEP on the posteriors of a Gaussian mixture over the features' principal axes.

    The axes that hold 80 % of the variance are kept, 64 at most; five components a class as in the paper, 100
    at most and no more than a quarter of the images; diagonal covariances, since the axes are uncorrelated.
    """

    name = "nleep"
    summary = "LEEP with clusters of the features in place of the source head's classes"
    reference = "Li et al., Ranking Neural Checkpoints, CVPR 2021, arXiv:2011.11200"
    needs_head = False

    def score(self, seen: LabelledFeatures) -> float:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        x = seen.features - seen.features[0]  # so that what never changes becomes 0 exactly
        x -= x.mean(0)
        values, axes = np.linalg.eigh(x.T @ x if len(x) > x.shape[1] else x @ x.T)
        if values[-1] <= 0:
            return float(log_expected_prediction(np.ones((len(x), 1)), seen.labels, seen.classes).mean())
        order = np.argsort(-values)
        share = np.cumsum(values[order]) / values.sum()
        kept = order[: min(AXES, int(np.searchsorted(share, 0.8)) + 1)]
        tall = len(x) > x.shape[1]
        turned = x @ axes[:, kept] if tall else axes[:, kept] * np.sqrt(values[kept])
        turned = turned / turned.std()
        # An axis has no sign of its own, and the mixture starts from some of its rows: both are settled by
        # the rows' values, so that their order does not matter.
        turned *= np.where(turned[np.abs(turned).argmax(0), np.arange(turned.shape[1])] < 0, -1, 1)
        order = np.lexsort(turned.T[::-1])
        turned, labels = turned[order], seen.labels[order]
        shown = turned[np.linspace(0, len(turned) - 1, min(ROWS, len(turned))).astype(int)]
        distinct = len(np.unique(shown, axis=0))
        clusters = max(1, min(PER_CLASS * seen.classes, MOST, distinct // 4))
        with warnings.catch_warnings():
            # a mixture that has nearly converged ranks as well
            warnings.simplefilter("ignore", ConvergenceWarning)
            mixture = GaussianMixture(
                clusters, covariance_type="diag", reg_covar=1e-3, max_iter=30, tol=1e-2, random_state=0
            ).fit(shown)
        found = mixture.predict_proba(turned)
        return float(log_expected_prediction(found, labels, seen.classes).mean())


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [NLeep()]
