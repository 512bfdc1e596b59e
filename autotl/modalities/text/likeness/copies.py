"""Find texts that share most of their runs of words.

The signatures are those of MinHash. Paper: Broder, On the Resemblance and Containment of Documents, 1997.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from autotl.modalities.text.wording import folded_text, words_of

WORDS = 3
"""Words of a run."""
MIN_RESEMBLANCE = 0.7
"""The share of their distinct runs that two near copies have in common."""
BANDS, BAND_ROWS = 32, 4
"""Texts are compared if their minima agree in a band: 99.98 % of those with the smallest resemblance."""
MAX_GROUP = 64
"""Texts with one band of minima that are all compared with each other; others only with the first of them."""
_CELLS = 4_000_000  # hashes in memory at once

Hashes = NDArray[np.uint64]
Pairs = NDArray[np.int64]


def copies_among(texts: Sequence[str]) -> Pairs:
    """Return pairs i < j of texts that are copies, (pairs, 2)."""
    runs = [run_hashes(text) for text in texts]
    return _resembling(_candidates(_minima(runs)), runs)


def copies_between(texts: Sequence[str], others: Sequence[str]) -> Pairs:
    """Return pairs of a text and its copy in others, (pairs, 2)."""
    runs = [run_hashes(text) for text in (*texts, *others)]
    pairs = _candidates(_minima(runs))
    pairs = pairs[(pairs[:, 0] < len(texts)) & (pairs[:, 1] >= len(texts))]
    found: Pairs = _resembling(pairs, runs) - np.array([0, len(texts)])
    return found


def run_hashes(text: str) -> Hashes:
    """Return hashes of the distinct runs of three words, ascending.

    A text of fewer words has one run. Case and punctuation are ignored, unless there is nothing else.
    """
    words = words_of(text) or [folded_text(text)]
    runs = {" ".join(words[start : start + WORDS]) for start in range(max(1, len(words) - WORDS + 1))}
    found = sorted({zlib.crc32(run.encode("utf-8", "surrogatepass")) for run in runs})
    return np.array(found, dtype=np.uint64)


def resemblance(left: Hashes, right: Hashes) -> float:
    """Return the Jaccard index of two texts' runs, in [0, 1]."""
    common = len(np.intersect1d(left, right, assume_unique=True))
    return common / (len(left) + len(right) - common)


def _minima(runs: Sequence[Hashes]) -> NDArray[np.uint64]:
    """Return the minima of each text under random hash functions, (texts, functions)."""
    rng = np.random.default_rng(0)
    count = BANDS * BAND_ROWS
    factor = rng.integers(0, 2**63, count, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    offset = rng.integers(0, 2**63, count, dtype=np.uint64)
    found = np.empty((len(runs), count), dtype=np.uint64)
    step = max(1, _CELLS // (count * max(1, max(map(len, runs), default=1))))
    for start in range(0, len(runs), step):
        part = runs[start : start + step]
        starts = np.cumsum([0, *map(len, part[:-1])])
        # multiply-shift hashing: overflow is wanted (Dietzfelbinger et al., J. Algorithms 25, 1997)
        hashed = (np.concatenate(part)[:, None] * factor + offset) >> np.uint64(32)
        found[start : start + step] = np.minimum.reduceat(hashed, starts, axis=0)
    return found


def _candidates(minima: NDArray[np.uint64]) -> Pairs:
    """Return pairs i < j of texts whose minima agree in a band, (pairs, 2)."""
    found: set[tuple[int, int]] = set()
    for band in range(BANDS):
        own = np.ascontiguousarray(minima[:, band * BAND_ROWS : (band + 1) * BAND_ROWS])
        keys = own.view(np.dtype((np.void, own.dtype.itemsize * BAND_ROWS)))[:, 0]
        _, inverse = np.unique(keys, return_inverse=True)
        order = np.argsort(inverse, kind="stable")
        cuts = np.flatnonzero(np.diff(inverse[order])) + 1
        for group in np.split(order, cuts):
            rows = group.tolist()
            found.update(combinations(rows[:MAX_GROUP], 2))
            found.update((rows[0], row) for row in rows[MAX_GROUP:])
    return np.array(sorted(found), dtype=np.int64).reshape(-1, 2)


def _resembling(pairs: Pairs, runs: Sequence[Hashes]) -> Pairs:
    """Return the pairs with at least the smallest resemblance of copies."""
    same = [resemblance(runs[left], runs[right]) >= MIN_RESEMBLANCE for left, right in pairs.tolist()]
    found: Pairs = pairs[np.array(same, dtype=bool)]
    return found
