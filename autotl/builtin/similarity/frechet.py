"""The Fréchet distance between the target's features and the source's, both taken as Gaussians."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference, Similarity
from autotl.builtin.similarity.principal import principal_axes

Rows = NDArray[np.float64]

PLENTY = 2
"""Rows for each feature from which on a covariance needs no shrinking."""
AXES = 96
"""Of the source's principal axes, those along which a shrunk covariance is whole."""


class Frechet:
    """The squared Fréchet distance; covariances are those of a sample, 1/(n-1).

    With fewer than two rows a feature the target's covariance is shrunk: in the basis of the source's
    principal axes it is whole along the first 96, by Ledoit & Wolf's share of the identity, and diagonal
    along the others. Where the source is known by its variances alone, so is the target taken.

    >>> from autotl.api import Reference
    >>> source = Reference(np.zeros(2), np.eye(2), np.zeros((4, 2)), n=4, side=64, origin="shipped")
    >>> round(Frechet().distance(np.array([[4.0, 0], [2, 0], [3, 1], [3, -1]]), source), 3)
    9.067
    """

    name = "frechet"
    summary = (
        "squared Fréchet distance of the features' Gaussians, with a shrunk covariance where rows are few"
    )
    reference = (
        "Heusel et al. 2017, arXiv:1706.08500; Dowson & Landau 1982; "
        "Ledoit & Wolf, Journal of Multivariate Analysis 88, 2004"
    )
    of_moments = True

    def distance(self, features: Rows, source: Reference) -> float:
        return self.distances(features, source, [np.arange(len(features))])[0]

    def distances(
        self, features: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
    ) -> list[float]:
        """The distances of several subsets of the same rows; what they share is computed once."""
        rows = np.asarray(features, dtype=np.float64) - source.mean  # (n, d); moving both moves no distance
        if source.cov.ndim == 1:
            return [_diagonal(rows[chosen], source.cov) for chosen in subsets]
        values, axes = principal_axes(source)
        turned = rows @ axes  # the widest axis first
        enough = PLENTY * rows.shape[1]
        return [
            _whole(turned[chosen], values) if len(chosen) >= enough else _shrunk(turned[chosen], values)
            for chosen in subsets
        ]


def _diagonal(rows: Rows, variances: Rows) -> float:
    own = rows.var(0, ddof=1)
    gap = np.sqrt(own) - np.sqrt(np.maximum(variances, 0))
    return float(rows.mean(0) @ rows.mean(0) + gap @ gap)


def _shrunk(rows: Rows, variances: Rows) -> float:
    """For rows in the basis in which the source's covariance is diagonal."""
    from sklearn.covariance import ledoit_wolf_shrinkage

    mean = rows.mean(0)
    centred = rows - mean
    first = centred[:, :AXES]
    own = first.T @ first / (len(rows) - 1)
    share = float(ledoit_wolf_shrinkage(first, assume_centered=True))
    own = (1 - share) * own + share * np.trace(own) / len(own) * np.eye(len(own))
    root = np.sqrt(variances[:AXES])
    rest = (centred[:, AXES:] ** 2).sum(0) / (len(rows) - 1)
    shared = _root_trace(root[:, None] * own * root) + float(np.sqrt(rest * variances[AXES:]).sum())
    return float(mean @ mean + np.trace(own) + rest.sum() + variances.sum() - 2 * shared)


def _whole(rows: Rows, variances: Rows) -> float:
    """For rows in the same basis, and enough of them."""
    own = np.atleast_2d(np.cov(rows, rowvar=False))
    mean, root = rows.mean(0), np.sqrt(variances)
    shared = _root_trace(root[:, None] * own * root)
    return float(mean @ mean + np.trace(own) + variances.sum() - 2 * shared)


def _root_trace(matrix: Rows) -> float:
    """The trace of the root of a symmetric matrix that is positive but for rounding."""
    return float(np.sqrt(np.maximum(np.linalg.eigvalsh((matrix + matrix.T) / 2), 0)).sum())


@hookimpl
def autotl_similarities() -> Iterable[Similarity]:
    return [Frechet()]
