"""Which images show the same picture, encoded anew, resized, slightly cropped, mirrored or turned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from autotl.errors import DataError
from autotl.importing.lazy import lazy_module
from autotl.quality.hashing import distances, hamming_pairs, textured
from autotl.quality.turned import TURNED_ALONE, TURNED_BITS, least_distances, turned_pairs

if TYPE_CHECKING:
    import scipy.sparse.csgraph
else:  # slow to import, and comes after the first passes over the images
    scipy = lazy_module("scipy")

MOST_BITS = 20  # hashes farther apart than this are never of one picture
BITS_ALONE = 0  # without features: at 2, most pairs of sketches are of different ones
NEIGHBOUR = 5
NEARER, PER_BIT = 0.55, 0.025
"""A copy lies nearer than this share of the way to the fifth neighbour, less for each bit that differs."""
LIKE = 0.6  # least cosine of a copy
ALIKE, FEW_BITS = 0.97, 4  # what is a copy whatever else is near
LONE_BITS, LONE_LIKE = 12, 0.4
"""Two hashes a few bits apart are one picture's, where no third is nearer to either than so many bits and the
features do not gainsay it: a copy that lost much in re-encoding looks like one to the hash alone.
"""
SMALL = 20  # rows below which neither their mean nor their neighbours say what is usual
_CELLS = 4_000_000


def near_duplicates(
    hashes: NDArray[np.uint64],
    features: NDArray[np.floating] | None,
    labels: NDArray[np.int64] | None = None,
) -> list[tuple[int, ...]]:
    """Groups of rows that show the same picture, each in rising order, by their first rows.

    ``hashes`` (n,) are perceptual hashes and ``features`` (n, d) of a pretrained network. Two images are one
    picture where the hashes are near and the features much nearer than those of the fifth neighbour, so that
    pictures which merely look alike, as sketches and scans do, are left alone. Without features only equal
    hashes are trusted, and those of flat pictures never. Pictures that were mirrored or turned by quarters
    are found by the hashes that they should have, of one class alone if ``labels`` (n,) are given: a turned 6
    may be a 9. Raises DataError where the lengths differ.
    """
    pairs = candidates(hashes, features is not None)
    if labels is not None:
        left, right = pairs.T
        turned = least_distances(hashes[left], hashes[right]) < distances(hashes[left], hashes[right])
        pairs = pairs[~(turned & (labels[left] != labels[right]))]
    return _groups(pairs[same_picture(pairs, hashes, features)], len(hashes))


def candidates(hashes: NDArray[np.uint64], featured: bool) -> NDArray[np.int64]:
    """Return pairs of rows i < j, (pairs, 2), whose hashes may be of one picture, as it is or turned.

    Args:
        hashes: Perceptual hashes, (n,).
        featured: Whether features will judge the pairs.
    """
    plain = hamming_pairs(hashes, MOST_BITS if featured else BITS_ALONE)
    turned = turned_pairs(hashes, TURNED_BITS if featured else TURNED_ALONE)
    return np.unique(np.concatenate([plain, turned]), axis=0)


def same_picture(
    pairs: NDArray[np.int64], hashes: NDArray[np.uint64], features: NDArray[np.floating] | None
) -> NDArray[np.bool_]:
    """Whether the two rows of each pair (pairs, 2) show one picture."""
    plain = distances(hashes[pairs[:, 0]], hashes[pairs[:, 1]])
    turned = least_distances(hashes[pairs[:, 0]], hashes[pairs[:, 1]])
    bits = np.where(turned <= TURNED_BITS, np.minimum(plain, turned), plain)
    full = textured(hashes)[pairs].all(axis=1)
    if features is None:
        return full & ((plain <= BITS_ALONE) | (turned <= TURNED_ALONE) & (turned < plain))
    if len(features) != len(hashes):
        raise DataError(f"There are {len(hashes)} hashes but features of {len(features)} images.")
    units = _units(features)
    cosines = _cosines(units, pairs)
    same = (cosines >= ALIKE) & (bits <= FEW_BITS)
    near = np.bincount(pairs[bits < LONE_BITS].ravel(), minlength=len(hashes))
    lone = (near[pairs] == 1).all(axis=1)
    same |= full & lone & (bits <= FEW_BITS) & (cosines >= LONE_LIKE)
    if len(units) < SMALL:
        return same
    open_ = np.flatnonzero(full & ~same & (cosines >= LIKE))
    rows, place = np.unique(pairs[open_], return_inverse=True)
    crowd = _neighbour(units, rows)[place.reshape(-1, 2)].max(axis=1)
    nearer = 1 - cosines[open_] < (NEARER - PER_BIT * bits[open_]) * (1 - crowd)
    same[open_[nearer]] = True
    return same


def _units(features: NDArray[np.floating]) -> NDArray[np.float32]:
    """The rows less their mean, of length 1: what all the pictures have in common tells none apart."""
    rows = np.asarray(features, dtype=np.float64)
    lengths = np.linalg.norm(rows, axis=1)
    if len(rows) >= SMALL:
        rows = rows - rows.mean(axis=0)
    own = np.linalg.norm(rows, axis=1)
    # where every image is the same, rounding is all that the mean leaves
    void = own <= 1e-6 * np.maximum(lengths, 1e-12)
    rows = np.where(void[:, None], np.eye(1, rows.shape[1]), rows)
    return (rows / np.where(void, 1.0, own)[:, None]).astype(np.float32)


def _cosines(units: NDArray[np.float32], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """The cosine of each pair (pairs,)."""
    step = max(1, _CELLS // max(units.shape[1], 1))
    found = [np.empty(0)]
    for start in range(0, len(pairs), step):
        left, right = pairs[start : start + step].T
        found.append(np.einsum("nd,nd->n", units[left], units[right]).astype(np.float64))
    return np.concatenate(found)


def _neighbour(units: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """The cosine of each of ``rows`` to its fifth nearest neighbour among all."""
    step = max(1, _CELLS // len(units))
    found = [np.empty(0)]
    for start in range(0, len(rows), step):
        cosines = units[rows[start : start + step]] @ units.T
        # the row itself is the nearest
        found.append(-np.partition(-cosines, NEIGHBOUR, axis=1)[:, NEIGHBOUR].astype(np.float64))
    return np.concatenate(found)


def _groups(pairs: NDArray[np.int64], n: int) -> list[tuple[int, ...]]:
    links = scipy.sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, part = scipy.sparse.csgraph.connected_components(links, directed=False)
    rows = np.unique(pairs)
    order = rows[np.argsort(part[rows], kind="stable")]
    cuts = np.flatnonzero(np.diff(part[order])) + 1
    return sorted(tuple(map(int, each)) for each in np.split(order, cuts) if len(each))
