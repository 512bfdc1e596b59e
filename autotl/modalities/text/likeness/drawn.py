"""Draw texts of expected tokens, and texts of random characters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.seeds import derive

CHARACTERS = 4
"""Random characters that are drawn for each token; a token has fewer of them."""
FIRST, LAST = 32, 126
"""The codes of the printable characters of ASCII."""

Tokens = NDArray[np.int32]


def expected_texts(shares: NDArray[np.float64], like: Tokens, *, padding: int, seed: int) -> Tokens:
    """Return texts whose tokens are drawn one by one, by their shares.

    Args:
        shares: The share of each token, with a sum of 1, (vocabulary,).
        like: Texts whose lengths are kept, (n, tokens).
        padding: The number that fills up.
        seed: The seed.
    """
    used = like != padding
    rng = np.random.default_rng(derive(seed, "expected texts"))
    found = np.full_like(like, padding)
    found[used] = rng.choice(len(shares), size=int(used.sum()), p=shares)
    return found


def random_characters(
    encode: Callable[[Any], NDArray[Any]], like: Tokens, *, padding: int, seed: int
) -> Tokens:
    """Return texts of random characters.

    Args:
        encode: A function from a text to its tokens, (tokens,).
        like: Texts whose lengths are kept, (n, tokens).
        padding: The number that fills up.
        seed: The seed.
    """
    rng = np.random.default_rng(derive(seed, "random characters"))
    found = np.full_like(like, padding)
    for row, length in enumerate((like != padding).sum(1).tolist()):
        codes = rng.integers(FIRST, LAST + 1, CHARACTERS * (length + 1))
        found[row, :length] = encode("".join(map(chr, codes.tolist())))[:length]
    return found
