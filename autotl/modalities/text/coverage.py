"""Measure the share of words that a vocabulary knows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from autotl.api import InputConfig, TextConfig
from autotl.modalities.text.tokens import NGRAMS, read_tokenizer


def word_coverage(config: InputConfig, texts: Iterable[str]) -> float | None:
    """Return the share of words that have a vector, in [0, 1].

    It is None if the network takes no texts, divides words into known pieces or hashes them, or if the texts
    have no word.

    Args:
        config: The form of the inputs that the network takes.
        texts: The texts.

    Raises:
        WeightsError: The package ``tokenizers`` is not installed, or the tokenizer cannot be read.
    """
    if not isinstance(config, TextConfig) or config.encoder.startswith(NGRAMS):
        return None
    tokenizer = read_tokenizer(Path(config.encoder))
    if type(tokenizer.model).__name__ != "WordLevel" or tokenizer.pre_tokenizer is None:
        return None
    known = words = 0
    for text in texts:
        normal = text if tokenizer.normalizer is None else tokenizer.normalizer.normalize_str(text)
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal):
            if any(map(str.isalnum, word)):
                words += 1
                known += tokenizer.token_to_id(word) is not None
    return known / words if words else None
