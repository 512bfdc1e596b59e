"""Measure the Fréchet distance between target and source as Gaussians."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference, Similarity
from autotl.builtin.similarity.principal import principal_axes

Rows = NDArray[np.float64]

MIN_ROWS_PER_FEATURE = 2
"""Rows per feature from which on a covariance needs no shrinkage."""
WHOLE_AXES = 96
"""First principal axes of the source along which a shrunk covariance is not diagonal."""


class Frechet:
    """The squared Fréchet distance between Gaussians with sample covariances, 1/(n-1).

    With fewer than two rows per feature the target's covariance is shrunk, in the basis of the source's
    principal axes. Along the first 96 axes it is a mixture with the identity, by Ledoit & Wolf's shrinkage;
    along the others it is diagonal. If only the variances of the source are known, both covariances are
    diagonal.

    >>> from autotl.api import Reference
    >>> source = Reference(np.zeros(2), np.eye(2), np.zeros((4, 2)), n=4, input_size=64, origin="shipped")
    >>> round(Frechet().distance(np.array([[4.0, 0], [2, 0], [3, 1], [3, -1]]), source), 3)
    9.067
    """

    name = "frechet"
    steers = True
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
        """Return the distances of several subsets of the rows.

        Shared terms are computed once.

        Args:
            features: Features of the target, (n, d).
            source: The source.
            subsets: The rows of each subset.
        """
        rows = (
            np.asarray(features, dtype=np.float64) - source.mean
        )  # (n, d); a common shift changes no distance
        if source.cov.ndim == 1:
            return [_diagonal_distance(rows[chosen], source.cov) for chosen in subsets]
        variances, axes = principal_axes(source)
        rotated = rows @ axes  # the axis of the largest variance first
        enough = MIN_ROWS_PER_FEATURE * rows.shape[1]
        return [
            _whole_distance(rotated[chosen], variances)
            if len(chosen) >= enough
            else _shrunk_distance(rotated[chosen], variances)
            for chosen in subsets
        ]


def _diagonal_distance(rows: Rows, variances: Rows) -> float:
    own = rows.var(0, ddof=1)
    gap = np.sqrt(own) - np.sqrt(np.maximum(variances, 0))
    return float(rows.mean(0) @ rows.mean(0) + gap @ gap)


def _shrunk_distance(rows: Rows, variances: Rows) -> float:
    """Return the distance of few rows, along principal axes."""
    from sklearn.covariance import ledoit_wolf_shrinkage

    mean = rows.mean(0)
    centred = rows - mean
    first = centred[:, :WHOLE_AXES]
    own = first.T @ first / (len(rows) - 1)
    share = float(ledoit_wolf_shrinkage(first, assume_centered=True))
    own = (1 - share) * own + share * np.trace(own) / len(own) * np.eye(len(own))
    root = np.sqrt(variances[:WHOLE_AXES])
    rest = (centred[:, WHOLE_AXES:] ** 2).sum(0) / (len(rows) - 1)
    shared = _root_trace(root[:, None] * own * root) + float(np.sqrt(rest * variances[WHOLE_AXES:]).sum())
    return float(mean @ mean + np.trace(own) + rest.sum() + variances.sum() - 2 * shared)


def _whole_distance(rows: Rows, variances: Rows) -> float:
    """Return the distance of enough rows, in the same basis."""
    own = np.atleast_2d(np.cov(rows, rowvar=False))
    mean, root = rows.mean(0), np.sqrt(variances)
    shared = _root_trace(root[:, None] * own * root)
    return float(mean @ mean + np.trace(own) + variances.sum() - 2 * shared)


def _root_trace(matrix: Rows) -> float:
    """Return the trace of a symmetric matrix's square root.

    The matrix is positive up to rounding.
    """
    return float(np.sqrt(np.maximum(np.linalg.eigvalsh((matrix + matrix.T) / 2), 0)).sum())


@hookimpl
def autotl_similarities() -> Iterable[Similarity]:
    return [Frechet()]
