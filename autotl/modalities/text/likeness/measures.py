"""Compare the tokens of texts with those of a source."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from autotl.api import Reference

Rows = NDArray[np.float64]

_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
_UNKNOWN = frozenset({"<unk>", "[UNK]", "<|unk|>"})
_SPACES = ("▁", "Ġ")
"""Marks of a token that begins a word."""
_INNER = "##"
"""The mark of a token inside a word, in vocabularies that do not mark its beginning."""


class TokenFrequencies:
    """The Jensen-Shannon divergence of the tokens' frequencies, in nats.

    It is 0 for equal frequencies, and log 2 if no token is common. Its square root is a metric.
    """

    name = "token_frequencies"
    summary = "divergence of the tokens' frequencies from those of the source"
    reference = "Lin, Divergence Measures Based on the Shannon Entropy, IEEE TIT 37, 1991"

    def __init__(self, padding: int) -> None:
        self._padding = padding

    def distance(self, features: Rows, source: Reference) -> float:
        """Return the divergence of tokens (n, tokens) from those of ``source.sample``."""
        rows, sample = features.astype(np.int64), source.sample.astype(np.int64)
        most = int(max(rows.max(), sample.max())) + 1
        left, right = self._shares(rows, most), self._shares(sample, most)
        middle = (left + right) / 2
        return (_relative_entropy(left, middle) + _relative_entropy(right, middle)) / 2

    def _shares(self, rows: NDArray[np.int64], most: int) -> Rows:
        counts = np.bincount(rows[rows != self._padding], minlength=most)
        shares: Rows = counts / max(int(counts.sum()), 1)
        return shares


class SingleCharacters:
    """The squared excess of tokens of a single letter inside words.

    Bytes and unknown tokens count as well. A tokenizer splits words of another language, and random
    characters, into such tokens. The shares are of all tokens with letters; the source's share is subtracted.
    """

    name = "single_characters"
    summary = "share of the tokens that are single letters or bytes, above that of the source"
    reference = "Rust et al., How Good is Your Tokenizer?, ACL 2021"

    def __init__(self, vocabulary: Mapping[str, int], padding: int) -> None:
        """Find the single characters of a vocabulary.

        Args:
            vocabulary: The number of each token.
            padding: The number that fills up, which is no token of a text.
        """
        most = max(vocabulary.values(), default=0) + 1
        self._single, self._counted = np.zeros(most, dtype=bool), np.zeros(most, dtype=bool)
        inner = not any(token.startswith(_SPACES) for token in vocabulary)
        for token, number in vocabulary.items():
            if number != padding:
                self._single[number] = is_single(token, inner=inner)
                self._counted[number] = self._single[number] or any(map(str.isalpha, token))

    def distance(self, features: Rows, source: Reference) -> float:
        """Return the squared excess of tokens (n, tokens) over those of ``source.sample``."""
        return max(0.0, self.share(features) - self.share(source.sample)) ** 2

    def share(self, rows: Rows) -> float:
        """Return the share of single characters, in [0, 1]."""
        numbers = rows.astype(np.int64).ravel()
        numbers = numbers[numbers < len(self._counted)]
        counted = int(self._counted[numbers].sum())
        return int(self._single[numbers].sum()) / counted if counted else 0.0


def is_single(token: str, *, inner: bool) -> bool:
    """Return whether a token is an inner letter, a byte or unknown.

    Args:
        token: The token.
        inner: Whether the vocabulary marks tokens inside words, and no token that begins a word.
    """
    if _BYTE.fullmatch(token) or token in _UNKNOWN:
        return True
    if inner:
        return token.startswith(_INNER) and len(token) == len(_INNER) + 1 and token[-1].isalpha()
    return len(token) == 1 and token.isalpha() and token not in _SPACES


def _relative_entropy(shares: Rows, others: Rows) -> float:
    used = shares > 0
    return float((shares[used] * np.log(shares[used] / others[used])).sum())
