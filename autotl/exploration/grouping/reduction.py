"""Reduce features to few dimensions, in bounded memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

MAX_DIMENSIONS = 64
"""Principal components that are kept: distances in 1,000 dimensions differ by little more than noise."""
ROWS_PER_DIMENSION = 4
"""Images that each kept component needs; with fewer, the last components are noise."""
FIT_ROWS = 10_000
"""Images from which the components are estimated; with 1,280 features they need 50 MB."""
BLOCK = 4096
"""Images that are projected at once."""
_TINY = 1e-6


def reduce_features(features: NDArray[np.floating], *, seed: int, linear: Matrix | None = None) -> Matrix:
    """Return at most 64 principal components of the features, float32 (n, d).

    Features are scaled to length 1 before, because the length of a feature vector follows contrast and
    sharpness instead of the content. Components are not whitened: whitening gives the last components, which
    are mostly noise, the weight of the first.

    Args:
        features: The features, (n, features), which may be memory-mapped. They are read in blocks.
        seed: The seed of the sample and of the solver.
        linear: A map (features, features) of the scaled features; None for the identity.

    Returns:
        The components, largest variance first. They are all 0 if the features are equal.
    """
    from sklearn.decomposition import PCA

    n = len(features)
    chosen = sample_rows(n, FIT_ROWS, seed=seed)
    fitted = _mapped(features[chosen], linear)
    if float(fitted.var(axis=0).sum()) < _TINY:
        return np.zeros((n, 1), dtype=np.float32)
    dimensions = max(2, min(MAX_DIMENSIONS, n // ROWS_PER_DIMENSION))
    dimensions = min(dimensions, *fitted.shape)
    pca = PCA(n_components=dimensions, svd_solver="auto", random_state=seed).fit(fitted)
    del fitted
    out = np.empty((n, dimensions), dtype=np.float32)
    for start in range(0, n, BLOCK):
        part = slice(start, start + BLOCK)
        out[part] = pca.transform(_mapped(features[part], linear))
    return out


def _mapped(features: NDArray[np.floating], linear: Matrix | None) -> Matrix:
    rows = unit_rows(features)
    return rows if linear is None else rows @ linear


def unit_rows(rows: NDArray[np.floating]) -> Matrix:
    """Return rows scaled to length 1; rows of zeros stay."""
    values = np.asarray(rows, dtype=np.float32)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    found: Matrix = values / np.maximum(lengths, 1e-12)
    return found


def sample_rows(n: int, most: int, *, seed: int) -> NDArray[np.int64]:
    """Draw row numbers, sorted.

    Args:
        n: The number of rows.
        most: The largest number to draw; all rows if there are no more.
        seed: The seed.
    """
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))
