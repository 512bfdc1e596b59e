"""Which test pictures are also in the training part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autotl.quality.duplicates import BITS_ALONE, MOST_BITS, same_picture
from autotl.quality.hashing import hamming_between
from autotl.quality.turned import TURNED_BITS, turned_between


def leaks(
    train_hashes: NDArray[np.uint64],
    test_hashes: NDArray[np.uint64],
    train_features: NDArray[np.floating] | None,
    test_features: NDArray[np.floating] | None,
) -> list[tuple[int, int]]:
    """Pairs (training row, test row) that show the same picture, in order, as ``near_duplicates`` judges it.

    Hashes are (n,) and (m,), features (n, d) and (m, d). Raises DataError where hashes and features differ in
    number.
    """
    joined = None
    if train_features is not None and test_features is not None:
        joined = np.concatenate([train_features, test_features])
    plain = hamming_between(train_hashes, test_hashes, BITS_ALONE if joined is None else MOST_BITS)
    pairs = plain
    if joined is not None:  # by its hash alone, a turned 6 is a 9
        turned = turned_between(train_hashes, test_hashes, TURNED_BITS)
        pairs = np.unique(np.concatenate([plain, turned]), axis=0)
    hashes = np.concatenate([train_hashes, test_hashes])
    same = same_picture(pairs + np.array([0, len(train_hashes)]), hashes, joined)
    return [(int(train), int(test)) for train, test in pairs[same]]
