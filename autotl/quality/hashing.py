"""Hashes of what pictures look like, and which of many differ in few bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BITS = 64
PER_ROW = 64
_CELLS = 2_000_000  # distances held at once


def textured(hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether hashes (n,) say much: half of the bits of one are set but where frequencies are equal, as they
    are in pictures that are flat or vary along one direction alone.
    """
    counts: NDArray[np.int64] = _bits(hashes).sum(axis=1, dtype=np.int64)
    half: NDArray[np.bool_] = counts == BITS // 2
    return half


def hamming_pairs(hashes: NDArray[np.uint64], within: int) -> NDArray[np.int64]:
    """Pairs of rows i < j, int64 (pairs, 2) in that order, whose hashes (n,) differ in at most so many bits.

    A row keeps the 64 nearest of the rows after it, the first ones where they are equally near: equal hashes
    stay linked however many they are. Needs less than 200 MB for 60,000 hashes.
    """
    signs = signs_of(hashes)
    found, step = [np.empty((0, 2), dtype=np.int64)], _step(len(signs))
    for start in range(0, len(signs), step):
        near = _nearest(signs[start : start + step], signs[start:], within, after=True)
        found.append(near + start)
    return np.concatenate(found)


def hamming_between(left: NDArray[np.uint64], right: NDArray[np.uint64], within: int) -> NDArray[np.int64]:
    """Pairs (row of ``left``, row of ``right``), int64 (pairs, 2), that differ in at most so many bits.

    A row of ``left`` keeps the 64 nearest of ``right``.
    """
    signs, others = signs_of(left), signs_of(right)
    found, step = [np.empty((0, 2), dtype=np.int64)], _step(len(others))
    for start in range(0, len(signs), step):
        near = _nearest(signs[start : start + step], others, within, after=False)
        found.append(near + np.array([start, 0]))
    return np.concatenate(found)


def distances(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.int64]:
    """In how many bits hashes (n,) and (n,) differ, one by one."""
    counts: NDArray[np.int64] = _bits(left ^ right).sum(axis=1, dtype=np.int64)
    return counts


def _nearest(
    signs: NDArray[np.float32], others: NDArray[np.float32], within: int, *, after: bool
) -> NDArray[np.int64]:
    """Pairs (row, other) at most so many bits apart, at most 64 a row. ``after``: of later ones alone."""
    agreed = signs @ others.T  # 64 − 2 · distance
    hits = np.flatnonzero(agreed >= BITS - 2 * within)
    rows, columns = np.divmod(hits, len(others))
    if after:
        rows, columns = rows[columns > rows], columns[columns > rows]
    counts = np.bincount(rows, minlength=len(signs))
    keep = np.ones(len(rows), dtype=np.bool_)
    ends = np.cumsum(counts)
    for row in np.flatnonzero(counts > PER_ROW):
        own = np.arange(ends[row] - counts[row], ends[row])
        order = np.argsort(-agreed[row, columns[own]], kind="stable")
        keep[own[order[PER_ROW:]]] = False
    return np.column_stack([rows[keep], columns[keep]])


def _step(columns: int) -> int:
    return max(1, _CELLS // max(columns, 1))


def signs_of(hashes: NDArray[np.uint64]) -> NDArray[np.float32]:
    """The bits as ±1, float32 (n, 64): a product of two is 64 − 2 · distance, exactly."""
    return _bits(hashes).astype(np.float32) * 2 - 1


def _bits(hashes: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """The bits of hashes (n,), uint8 (n, 64), in an order of the machine's own."""
    eight = np.ascontiguousarray(hashes, dtype=np.uint64)[:, None].view(np.uint8)
    return np.unpackbits(eight, axis=1)
