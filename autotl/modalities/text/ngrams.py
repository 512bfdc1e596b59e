"""Number the words and pairs of words of a text by hashing."""

from __future__ import annotations

import zlib
from itertools import islice, pairwise

from autotl.modalities.text.wording import words_of

PADDING = 0
"""The number that stands for no word."""


def ngram_numbers(text: str, *, buckets: int, most: int) -> list[int]:
    """Return the distinct numbers of a text's words and pairs, in order.

    Numbers are from 1 to ``buckets`` - 1. Two words may have the same number (Weinberger et al., Feature
    Hashing for Large Scale Multitask Learning, ICML 2009).

    Args:
        text: The text.
        buckets: How many numbers there are, 0 included.
        most: How many are returned at most.
    """
    words = words_of(text)
    pairs = map(" ".join, pairwise(words))
    found = dict.fromkeys(_number(each, buckets) for each in (*words, *pairs))
    return list(islice(found, most))


def _number(ngram: str, buckets: int) -> int:
    return zlib.crc32(ngram.encode("utf-8", "surrogatepass")) % (buckets - 1) + 1
