"""Find copies of images: re-encoded, resized, slightly cropped, mirrored or rotated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from autotl.errors import DataError
from autotl.importing.lazy import lazy_module
from autotl.quality import rotations
from autotl.quality.hashing import distances, hamming_between, hamming_pairs, textured

if TYPE_CHECKING:
    import scipy.sparse.csgraph
else:  # slow to import, and not needed before the first passes over the images
    scipy = lazy_module("scipy")

MAX_BITS = 20
"""The largest number of different bits between hashes of one image."""
MAX_BITS_ALONE = 0
"""The same without features: at 2 bits, most pairs of sketches show different sketches."""
NEIGHBOUR = 5
"""The neighbour whose distance is the scale for copies."""
NEIGHBOUR_FRACTION, FRACTION_PER_BIT = 0.55, 0.025
"""The distance of a copy, as a fraction of the distance to the fifth neighbour.

The second number is subtracted for each different bit of the hashes.
"""
MIN_COSINE = 0.6
"""The smallest cosine of a copy."""
SURE_COSINE, SURE_BITS = 0.97, 4
"""The cosine and the number of bits that are sufficient for a copy, regardless of the neighbours."""
ISOLATION_BITS, ISOLATED_COSINE = 12, 0.4
"""The cosine that is sufficient if no third hash is within so many bits of either image.

The features of a copy that lost much detail by re-encoding may differ more than usual.
"""
MIN_ROWS = 20
"""The number of rows from which their mean and their neighbours are meaningful."""
_CELLS = 4_000_000  # distances in memory at once


def near_duplicates(
    hashes: NDArray[np.uint64],
    features: NDArray[np.floating] | None,
    labels: NDArray[np.int64] | None = None,
) -> list[tuple[int, ...]]:
    """Find groups of rows that show the same image.

    Two rows show one image if their hashes are similar and their features are much nearer than those of the
    fifth neighbour. So images that merely look alike, such as sketches and scans, are not grouped. Without
    features, only equal hashes count, and hashes of flat images never do.

    Args:
        hashes: Perceptual hashes, (n,).
        features: Features of a pretrained network, (n, d); None if there are none.
        labels: Class indices, (n,). If given, mirrored and rotated copies are found only within a class,
            because a rotated 6 may be a 9.

    Returns:
        Groups of rising rows, sorted by their first rows.

    Raises:
        DataError: If the lengths differ.
    """
    pairs = candidates(hashes, features is not None)
    if labels is not None:
        left, right = pairs.T
        plain = distances(hashes[left], hashes[right])
        rotated = rotations.min_distances(hashes[left], hashes[right]) < plain
        pairs = pairs[~(rotated & (labels[left] != labels[right]))]
    return connected(pairs[same_image(pairs, hashes, features)], len(hashes))


def leaks(
    train_hashes: NDArray[np.uint64],
    test_hashes: NDArray[np.uint64],
    train_features: NDArray[np.floating] | None,
    test_features: NDArray[np.floating] | None,
    *,
    among_train: bool = False,
) -> list[tuple[int, int]]:
    """Find test images that are also in the training set.

    The rules are those of :func:`near_duplicates`.

    Args:
        train_hashes: Perceptual hashes of the training images, (n,).
        test_hashes: Perceptual hashes of the test images, (m,).
        train_features: Features of the training images, (n, d); None if there are none.
        test_features: Features of the test images, (m, d); None if there are none.
        among_train: Whether neighbours are training images only. Several copies of one training image then
            do not hide each other.

    Returns:
        Pairs (training row, test row) in order.

    Raises:
        DataError: If the numbers of hashes and features differ.
    """
    features = None
    if train_features is not None and test_features is not None:
        features = np.concatenate([train_features, test_features])
    pairs = hamming_between(train_hashes, test_hashes, MAX_BITS_ALONE if features is None else MAX_BITS)
    if features is not None:  # by its hash alone, a rotated 6 is a 9
        rotated = rotations.rotated_between(train_hashes, test_hashes, rotations.MAX_BITS)
        pairs = np.unique(np.concatenate([pairs, rotated]), axis=0)
    hashes = np.concatenate([train_hashes, test_hashes])
    known = len(train_hashes) if among_train else None
    same = same_image(pairs + np.array([0, len(train_hashes)]), hashes, features, known=known)
    return [(int(train), int(test)) for train, test in pairs[same]]


def candidates(hashes: NDArray[np.uint64], has_features: bool) -> NDArray[np.int64]:
    """Return pairs of rows that may show one image.

    The pairs i < j, (pairs, 2), are found by their hashes.

    Args:
        hashes: Perceptual hashes, (n,).
        has_features: Whether the pairs will also be compared by features.
    """
    plain = hamming_pairs(hashes, MAX_BITS if has_features else MAX_BITS_ALONE)
    rotated = rotations.rotated_pairs(
        hashes, rotations.MAX_BITS if has_features else rotations.MAX_BITS_ALONE
    )
    return np.unique(np.concatenate([plain, rotated]), axis=0)


def same_image(
    pairs: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    features: NDArray[np.floating] | None,
    *,
    known: int | None = None,
) -> NDArray[np.bool_]:
    """Whether the two rows of each pair show one image.

    Args:
        pairs: Pairs of rows, (pairs, 2).
        hashes: Perceptual hashes of all rows, (n,).
        features: Features of all rows, (n, d); None if there are none.
        known: The number of first rows that count as neighbours; None for all. The first row of a pair is
            then one of them, and the second is not.

    Returns:
        A bool for each pair, (pairs,).

    Raises:
        DataError: If the lengths differ.
    """
    plain = distances(hashes[pairs[:, 0]], hashes[pairs[:, 1]])
    rotated = rotations.min_distances(hashes[pairs[:, 0]], hashes[pairs[:, 1]])
    bits = np.where(rotated <= rotations.MAX_BITS, np.minimum(plain, rotated), plain)
    informative = textured(hashes)[pairs].all(axis=1)
    if features is None:
        is_rotated = (rotated <= rotations.MAX_BITS_ALONE) & (rotated < plain)
        return informative & ((plain <= MAX_BITS_ALONE) | is_rotated)
    if len(features) != len(hashes):
        raise DataError(
            f"features must have as many rows as there are hashes (got {len(features)} and {len(hashes)})."
        )
    units = _units(features)
    cosines = _cosines(units, pairs)
    same = (cosines >= SURE_COSINE) & (bits <= SURE_BITS)
    near = np.bincount(pairs[bits < ISOLATION_BITS].ravel(), minlength=len(hashes))
    isolated = (near[pairs] == 1).all(axis=1) if known is None else near[pairs[:, 1]] == 1
    same |= informative & isolated & (bits <= SURE_BITS) & (cosines >= ISOLATED_COSINE)
    if len(units[:known]) < MIN_ROWS:
        return same
    undecided = np.flatnonzero(informative & ~same & (cosines >= MIN_COSINE))
    rows, place = np.unique(pairs[undecided], return_inverse=True)
    neighbour = _neighbour_cosines(units, rows, known)[place.reshape(-1, 2)].max(axis=1)
    fraction = NEIGHBOUR_FRACTION - FRACTION_PER_BIT * bits[undecided]
    nearer = 1 - cosines[undecided] < fraction * (1 - neighbour)
    same[undecided[nearer]] = True
    return same


def _units(features: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return centred rows of length 1: the mean is common to all images."""
    rows = np.asarray(features, dtype=np.float64)
    lengths = np.linalg.norm(rows, axis=1)
    if len(rows) >= MIN_ROWS:
        rows = rows - rows.mean(axis=0)
    centred_lengths = np.linalg.norm(rows, axis=1)
    # if all images are equal, the centred rows contain only rounding errors
    void = centred_lengths <= 1e-6 * np.maximum(lengths, 1e-12)
    rows = np.where(void[:, None], np.eye(1, rows.shape[1]), rows)
    return (rows / np.where(void, 1.0, centred_lengths)[:, None]).astype(np.float32)


def _cosines(units: NDArray[np.float32], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the cosine of each pair, (pairs,)."""
    step = max(1, _CELLS // max(units.shape[1], 1))
    found = [np.empty(0)]
    for start in range(0, len(pairs), step):
        left, right = pairs[start : start + step].T
        found.append(np.einsum("nd,nd->n", units[left], units[right]).astype(np.float64))
    return np.concatenate(found)


def _neighbour_cosines(
    units: NDArray[np.float32], rows: NDArray[np.int64], known: int | None
) -> NDArray[np.float64]:
    """Return the cosine of each of ``rows`` to its fifth nearest neighbour among the first rows.

    Args:
        units: Rows of length 1, (n, d).
        rows: The rows in question.
        known: The number of first rows that count as neighbours; None for all.
    """
    among = units[:known]
    step = max(1, _CELLS // len(among))
    found = [np.empty(0)]
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        nearest = -np.partition(-(units[part] @ among.T), (NEIGHBOUR - 1, NEIGHBOUR), axis=1)
        # the first neighbour of a row is the row itself, if it is among them
        place = np.where(part < len(among), NEIGHBOUR, NEIGHBOUR - 1)
        found.append(np.take_along_axis(nearest, place[:, None], axis=1)[:, 0].astype(np.float64))
    return np.concatenate(found)


def connected(pairs: NDArray[np.int64], n: int) -> list[tuple[int, ...]]:
    """Return the sets of rows that pairs connect.

    Args:
        pairs: Pairs of rows, (pairs, 2).
        n: The number of rows.

    Returns:
        Sets of rising rows, sorted by their first rows.
    """
    links = scipy.sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, part = scipy.sparse.csgraph.connected_components(links, directed=False)
    rows = np.unique(pairs)
    order = rows[np.argsort(part[rows], kind="stable")]
    cuts = np.flatnonzero(np.diff(part[order])) + 1
    return sorted(tuple(map(int, each)) for each in np.split(order, cuts) if len(each))
