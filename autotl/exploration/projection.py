"""Place images on a map of two dimensions."""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from autotl.data import failure_reason
from autotl.errors import DataError, UnknownName
from autotl.exploration.grouping.reduction import BLOCK, Matrix, sample_rows
from autotl.seeds import derive

AUTO = "auto"
PROJECTIONS = (AUTO, "umap", "tsne", "pca")
MAX_ROWS = 5000
"""Rows that UMAP and t-SNE place; t-SNE takes half a minute for them. Other rows join their neighbours."""
MIN_ROWS = 10
"""Rows that UMAP and t-SNE need for neighbourhoods; fewer rows are placed by PCA."""
NEIGHBOURS = 3
"""Placed rows whose mean position another row gets."""

Positions = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Map:
    """A map of images.

    ``positions`` (n, 2) are in [0, 1]. ``note`` is a sentence for the user on the method.
    """

    positions: Positions
    method: str
    note: str


def check_projection(name: str) -> None:
    """Check the name of a projection.

    Raises:
        UnknownName: There is no such projection.
        DataError: The projection needs a package that is not installed.
    """
    if name not in PROJECTIONS:
        raise UnknownName("projection", str(name), PROJECTIONS)
    if name == "umap" and not _has_umap():
        raise DataError("projection 'umap' needs umap-learn: pip install 'autotl[explore]'. Or give 'tsne'.")


def project(rows: Matrix, *, method: str, seed: int) -> Map:
    """Place rows on a map.

    UMAP is used if it is installed, else t-SNE: both keep neighbours together, and PCA's first two
    components rarely do. If UMAP fails, t-SNE replaces it, so that the work before is not lost.

    Args:
        rows: Unit rows, (n, d).
        method: A name in ``PROJECTIONS``.
        seed: The seed of the sample and of the method.
    """
    chosen = sample_rows(len(rows), MAX_ROWS, seed=derive(seed, "map"))
    wanted = ("umap" if _has_umap() else "tsne") if method == AUTO else method
    if wanted == "pca" or len(chosen) < MIN_ROWS or not rows.any():
        return Map(_scaled(_principal(rows)), "pca", "The map shows the first two principal components.")
    why = " UMAP is not installed: autotl[explore]." if wanted == "tsne" and method == AUTO else ""
    if wanted == "umap":
        try:
            placed = _umap(rows[chosen], derive(seed, wanted) % 2**31)
        except Exception as error:  # numba may raise anything, and another package may be called umap
            wanted, why = "tsne", f" UMAP could not be used ({' '.join(failure_reason(error).split())})."
    if wanted == "tsne":
        placed = _tsne(rows[chosen], derive(seed, wanted) % 2**31)
    positions = placed if len(chosen) == len(rows) else _beside_neighbours(rows, rows[chosen], placed)
    return Map(_scaled(positions), wanted, _note(wanted, len(chosen), len(rows), why=why))


def _note(method: str, placed: int, rows: int, *, why: str) -> str:
    """Return a sentence on the method, with the reason ``why`` it is not UMAP."""
    name = {"umap": "UMAP", "tsne": "t-SNE"}[method]
    text = f"The map is made by {name}: neighbours are alike, but far distances mean little.{why}"
    if placed < rows:
        text += f" It places {placed:,} images, and the others beside their nearest ones."
    return text


def _has_umap() -> bool:
    return importlib.util.find_spec("umap") is not None


def _umap(rows: Matrix, seed: int) -> Positions:
    umap = import_module("umap")
    neighbours = min(15, len(rows) - 1)
    solver = umap.UMAP(n_neighbors=neighbours, metric="cosine", random_state=seed, n_jobs=1)
    return np.asarray(solver.fit_transform(rows), dtype=np.float32)


def _tsne(rows: Matrix, seed: int) -> Positions:
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(rows) - 1) / 3)
    solver = TSNE(perplexity=perplexity, init="pca", learning_rate="auto", random_state=seed)
    return np.asarray(solver.fit_transform(rows), dtype=np.float32)


def _principal(rows: Matrix) -> Positions:
    """Return the first two columns: rows are principal components already."""
    found = np.zeros((len(rows), 2), dtype=np.float32)
    count = min(2, rows.shape[1])
    found[:, :count] = rows[:, :count]
    return found


def _beside_neighbours(rows: Matrix, sample: Matrix, placed: Positions) -> Positions:
    """Return the mean position of each row's nearest placed rows; a placed row is its own nearest."""
    found = np.empty((len(rows), 2), dtype=np.float32)
    for start in range(0, len(rows), BLOCK):
        cosines = rows[start : start + BLOCK] @ sample.T
        nearest = np.argpartition(-cosines, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        best = np.take_along_axis(cosines, nearest, axis=1)
        weights = np.exp((best - best.max(axis=1, keepdims=True)) / 0.01)
        weights /= weights.sum(axis=1, keepdims=True)
        found[start : start + BLOCK] = (placed[nearest] * weights[:, :, None]).sum(axis=1)
    return found


def _scaled(positions: Positions) -> Positions:
    """Scale positions to [0, 1], with equal units on both axes."""
    low = positions.min(axis=0)
    extent = float((positions.max(axis=0) - low).max())
    if not math.isfinite(extent) or extent <= 0:
        return np.full_like(positions, 0.5)
    middle = (1 - (positions.max(axis=0) - low) / extent) / 2
    found: Positions = (positions - low) / extent + middle
    return found
