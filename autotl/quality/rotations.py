"""Find mirrored and rotated copies of images from their perceptual hashes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autotl.quality.hashing import distances, hamming_between

Hashes = NDArray[np.uint64]
Pairs = NDArray[np.int64]

SIDE = 8
"""Frequencies of a hash along each direction."""
MAX_BITS = 8
"""The largest number of different bits between a hash and the computed hash of a rotated copy.

The computed hash is correct to within a few bits. After re-encoding, 96 % of 150 photographs are within 6
bits, 99 % of sketches, and 68 % of textures.
"""
MAX_BITS_ALONE = 2
"""The same without features. None of 11,000 pairs of different photographs and sketches are within it."""
MAX_PAIRS = 100_000_000
"""The largest number of image pairs that are compared, which takes some seconds."""


def versions(hashes: Hashes) -> list[Hashes]:
    """Return the hashes of all eight versions of images, each (n,).

    The versions are the image and its mirrored and rotated copies.

    A mirrored image has the same frequencies, but the odd ones along one direction change sign. A rotation by
    90 degrees also swaps the directions. A bit is set if a frequency is above the median, which is near zero.
    So a changed sign is a changed bit, except for frequencies near zero.
    """
    bits = _unpacked(hashes)  # (n, vertical, horizontal)
    odd = np.arange(SIDE) % 2 == 1
    found = []
    for image in (bits, bits.transpose(0, 2, 1)):
        for across, down in ((False, False), (True, False), (False, True), (True, True)):
            changed = (odd[None, :] & across) ^ (odd[:, None] & down)
            found.append(_packed(image ^ changed))
    return found


def rotated_pairs(hashes: Hashes, within: int) -> Pairs:
    """Return pairs i < j of mirrored or rotated copies, (pairs, 2).

    Args:
        hashes: Perceptual hashes, (n,).
        within: The largest number of different bits.
    """
    found = rotated_between(hashes, hashes, within)
    return found[found[:, 0] < found[:, 1]]


def rotated_between(left: Hashes, right: Hashes, within: int) -> Pairs:
    """Return pairs of mirrored or rotated copies in two sets.

    Args:
        left: Perceptual hashes, (n,).
        right: Perceptual hashes, (m,).
        within: The largest number of different bits.

    Returns:
        Pairs (left row, right row), (pairs, 2); empty if there are more than :data:`MAX_PAIRS` pairs.
    """
    if len(left) * len(right) > MAX_PAIRS:
        return np.empty((0, 2), dtype=np.int64)
    each = [hamming_between(left, rotated, within) for rotated in versions(right)[1:]]
    return np.unique(np.concatenate(each), axis=0)


def min_distances(left: Hashes, right: Hashes) -> NDArray[np.int64]:
    """Return the smallest distances (n,) over versions of the right hash."""
    found: NDArray[np.int64] = np.min([distances(left, rotated) for rotated in versions(right)], axis=0)
    return found


def _unpacked(hashes: Hashes) -> NDArray[np.bool_]:
    eight = np.ascontiguousarray(hashes, dtype=np.uint64).astype(">u8")[:, None].view(np.uint8)
    return np.unpackbits(eight, axis=1).reshape(-1, SIDE, SIDE).astype(bool)


def _packed(bits: NDArray[np.bool_]) -> Hashes:
    packed = np.packbits(bits.reshape(-1, SIDE * SIDE), axis=1)
    return packed.view(">u8").astype(np.uint64).ravel()
