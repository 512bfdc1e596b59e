"""Compare texts by their words."""

from __future__ import annotations

import hashlib
import itertools
import re
import unicodedata
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\w+")
_SIGN_BITS = 64


def folded_text(text: str) -> str:
    """Return a text without differences of case, white space and compatible characters."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def words_of(text: str) -> list[str]:
    """Return the words of a text, folded."""
    return _WORD.findall(folded_text(text))


def simhash(texts: Iterable[str]) -> NDArray[np.uint64]:
    """Return a 64-bit hash of each text, by its words.

    Few bits differ between texts that share most words. The features are words and pairs of neighbouring
    words. The paper is Charikar, Similarity Estimation Techniques from Rounding Algorithms, STOC 2002.
    """
    signs: dict[str, NDArray[np.int8]] = {}
    found = []
    for text in texts:
        words = words_of(text)
        features = {*words, *map(" ".join, itertools.pairwise(words))} or {text}
        total = np.zeros(_SIGN_BITS, dtype=np.int64)
        for each in features:
            if each not in signs:
                signs[each] = _signs(each)
            total += signs[each]
        found.append(np.packbits(total > 0).view(np.uint64)[0])
    return np.array(found, dtype=np.uint64)


def _signs(feature: str) -> NDArray[np.int8]:
    """Return 64 pseudo-random signs, int8 of -1 and 1."""
    digest = hashlib.blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=_SIGN_BITS // 8).digest()
    return np.unpackbits(np.frombuffer(digest, dtype=np.uint8)).astype(np.int8) * 2 - 1
