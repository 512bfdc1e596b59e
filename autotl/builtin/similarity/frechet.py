"""The Fréchet distance between the target's features and the source's, both taken as Gaussians."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference, Similarity

Rows = NDArray[np.float64]


class Frechet:
    """The squared Fréchet distance; covariances are those of a sample, 1/(n-1).

    Where the source is known by its variances alone, so is the target taken.

    >>> from autotl.api import Reference
    >>> source = Reference(np.zeros(2), np.eye(2), np.zeros((4, 2)), n=4, side=64, origin="shipped")
    >>> round(Frechet().distance(np.array([[4.0, 0], [2, 0], [3, 1], [3, -1]]), source), 3)
    9.067
    """

    name = "frechet"
    summary = "squared Fréchet distance of the features' Gaussians; fine from some 50 images on"
    reference = "Heusel et al. 2017, arXiv:1706.08500; Dowson & Landau 1982"

    def distance(self, features: Rows, source: Reference) -> float:
        return self.distances(features, source, [np.arange(len(features))])[0]

    def distances(
        self, features: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
    ) -> list[float]:
        """The distances of several subsets of the same rows; what they share is computed once."""
        rows = np.asarray(features, dtype=np.float64) - source.mean  # (n, d); moving both moves no distance
        if source.cov.ndim == 1:
            return [_diagonal(rows[chosen], source.cov) for chosen in subsets]
        if max(map(len, subsets)) <= rows.shape[1]:
            return _few_rows(rows, source.cov, subsets)
        root = _root(source.cov)
        return [_many_rows(rows[chosen], source.cov, root) for chosen in subsets]


def _diagonal(rows: Rows, variances: Rows) -> float:
    own = rows.var(0, ddof=1)
    gap = np.sqrt(own) - np.sqrt(np.maximum(variances, 0))
    return float(rows.mean(0) @ rows.mean(0) + gap @ gap)


def _few_rows(rows: Rows, cov: Rows, subsets: Sequence[NDArray[np.int64]]) -> list[float]:
    """The same with no root of a (d, d) matrix: the eigenvalues of XᵀXS are those of XSXᵀ, and 0."""
    seen = rows @ cov @ rows.T  # (n, n)
    squares = np.einsum("ij,ij->i", rows, rows)
    out = []
    for chosen in subsets:
        n = len(chosen)
        gram = seen[np.ix_(chosen, chosen)]
        centred = gram - gram.mean(0) - gram.mean(1)[:, None] + gram.mean()
        mean = rows[chosen].mean(0)
        own = (squares[chosen].sum() - n * (mean @ mean)) / (n - 1)  # the trace of the target's covariance
        out.append(float(mean @ mean + own + np.trace(cov) - 2 * _root_trace(centred / (n - 1))))
    return out


def _many_rows(rows: Rows, cov: Rows, root: Rows) -> float:
    own = np.atleast_2d(np.cov(rows, rowvar=False))
    mean = rows.mean(0)
    return float(mean @ mean + np.trace(own) + np.trace(cov) - 2 * _root_trace(root @ own @ root))


def _root(cov: Rows) -> Rows:
    values, vectors = np.linalg.eigh(cov)
    root: Rows = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root


def _root_trace(matrix: Rows) -> float:
    """The trace of the root of a symmetric matrix that is positive but for rounding."""
    return float(np.sqrt(np.maximum(np.linalg.eigvalsh((matrix + matrix.T) / 2), 0)).sum())


@hookimpl
def autotl_similarities() -> Iterable[Similarity]:
    return [Frechet()]
