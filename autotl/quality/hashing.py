"""Compare perceptual hashes of images by the number of different bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BITS = 64
"""Bits of a hash."""
MAX_PER_ROW = 64
"""The largest number of pairs of one row."""
_CELLS = 2_000_000  # distances in memory at once


def textured(hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether each hash (n,) is informative.

    Half of the bits of such a hash are set.

    If an image is flat, or varies along a single direction, its frequencies are equal, and another number of
    bits is set.
    """
    counts: NDArray[np.int64] = _bits(hashes).sum(axis=1, dtype=np.int64)
    half: NDArray[np.bool_] = counts == BITS // 2
    return half


def hamming_pairs(hashes: NDArray[np.uint64], within: int) -> NDArray[np.int64]:
    """Return pairs of similar hashes.

    Each row has at most 64 pairs, with the nearest of the later rows, so equal hashes stay linked. The
    function needs less than 200 MB for 60,000 hashes.

    Args:
        hashes: Perceptual hashes, (n,).
        within: The largest number of different bits.

    Returns:
        Pairs of rows i < j in order, int64 (pairs, 2).
    """
    signs = signs_of(hashes)
    found, step = [np.empty((0, 2), dtype=np.int64)], _chunk(len(signs))
    for start in range(0, len(signs), step):
        near = _near_pairs(signs[start : start + step], signs[start:], within, later_only=True)
        found.append(near + start)
    return np.concatenate(found)


def hamming_between(left: NDArray[np.uint64], right: NDArray[np.uint64], within: int) -> NDArray[np.int64]:
    """Return pairs of similar hashes from two sets.

    Args:
        left: Perceptual hashes, (n,).
        right: Perceptual hashes, (m,); each left row is paired with at most the 64 nearest.
        within: The largest number of different bits.

    Returns:
        Pairs (left row, right row) in order, int64 (pairs, 2).
    """
    signs, others = signs_of(left), signs_of(right)
    found, step = [np.empty((0, 2), dtype=np.int64)], _chunk(len(others))
    for start in range(0, len(signs), step):
        near = _near_pairs(signs[start : start + step], others, within, later_only=False)
        found.append(near + np.array([start, 0]))
    return np.concatenate(found)


def distances(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the number of different bits of each pair of hashes, (n,)."""
    counts: NDArray[np.int64] = _bits(left ^ right).sum(axis=1, dtype=np.int64)
    return counts


def signs_of(hashes: NDArray[np.uint64]) -> NDArray[np.float32]:
    """Return the bits as ±1, float32 (n, 64).

    The dot product of two rows is 64 − 2 · distance.
    """
    return _bits(hashes).astype(np.float32) * 2 - 1


def _near_pairs(
    signs: NDArray[np.float32], others: NDArray[np.float32], within: int, *, later_only: bool
) -> NDArray[np.int64]:
    """Return pairs (row, other) within a distance, at most 64 per row."""
    agreement = signs @ others.T  # 64 − 2 · distance
    hits = np.flatnonzero(agreement >= BITS - 2 * within)
    rows, columns = np.divmod(hits, len(others))
    if later_only:
        rows, columns = rows[columns > rows], columns[columns > rows]
    counts = np.bincount(rows, minlength=len(signs))
    keep = np.ones(len(rows), dtype=np.bool_)
    ends = np.cumsum(counts)
    for row in np.flatnonzero(counts > MAX_PER_ROW):
        of_row = np.arange(ends[row] - counts[row], ends[row])
        order = np.argsort(-agreement[row, columns[of_row]], kind="stable")
        keep[of_row[order[MAX_PER_ROW:]]] = False
    return np.column_stack([rows[keep], columns[keep]])


def _chunk(columns: int) -> int:
    return max(1, _CELLS // max(columns, 1))


def _bits(hashes: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Return the bits of hashes (n,), uint8 (n, 64), in an order that depends on the machine."""
    eight = np.ascontiguousarray(hashes, dtype=np.uint64)[:, None].view(np.uint8)
    return np.unpackbits(eight, axis=1)
