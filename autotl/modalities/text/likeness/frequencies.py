"""Estimate the frequencies of a BPE tokenizer's tokens in its source."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autotl.errors import WeightsError

FREQUENCIES_FILE = "token_frequencies.safetensors"
"""The file beside the weights that holds the share of each token."""
OFFSET = 20.0
"""Offset of the ranks, as in Mandelbrot's law: the first pairs are about equally frequent."""

Pair = tuple[str, str]
Floats = NDArray[np.float64]


def expected_frequencies(tokenizer: Path, vocabulary: int) -> Floats | None:
    """Return the expected share of each token in a tokenizer's source.

    BPE merges the most frequent pair first (Sennrich et al., ACL 2016). So the order of the merges is that of
    their counts, for which Zipf's law gives 1 / (rank + OFFSET). The count of a token is that of its merge,
    minus the counts of later merges that use it up. It is at least that of the last merge. Characters, bytes
    and special tokens are no merges. Nothing is known of their counts, and they have a share of 0.

    Args:
        tokenizer: The file of the tokenizer, as the package ``tokenizers`` writes it.
        vocabulary: The number of tokens.

    Returns:
        Shares with a sum of 1, (vocabulary,); None for a tokenizer that is no BPE.
    """
    model = json.loads(tokenizer.read_text(encoding="utf-8")).get("model") or {}
    if model.get("type") != "BPE" or not model.get("merges"):
        return None
    numbers: Mapping[str, int] = model["vocab"]
    ranks = {pair: rank for rank, pair in enumerate(_pairs(model["merges"]))}
    # a token may be listed with several pairs: its first one counts
    tokens = [
        token for token in dict.fromkeys(map("".join, ranks)) if numbers.get(token, vocabulary) < vocabulary
    ]
    weights = 1 / (np.arange(1, len(tokens) + 1) + OFFSET)
    counts = np.zeros(vocabulary)
    for token, weight in zip(tokens, weights.tolist(), strict=True):
        counts[numbers[token]] += weight
        for part in _last_parts(token, ranks):
            if part in numbers:
                counts[numbers[part]] -= weight
    merged = np.zeros(vocabulary, dtype=bool)
    merged[[numbers[token] for token in tokens]] = True
    counts = np.where(merged, np.maximum(counts, weights[-1]), 0.0)
    shares: Floats = counts / counts.sum()
    return shares


def save_frequencies(folder: Path, shares: Floats) -> None:
    """Write the share of each token beside the weights."""
    from safetensors.numpy import save_file  # not needed to list plugins

    save_file({"shares": shares.astype(np.float32)}, folder / FREQUENCIES_FILE)


def load_frequencies(folder: Path) -> Floats | None:
    """Return the share of each token, (vocabulary,); None without the file.

    Raises:
        WeightsError: The file is damaged.
    """
    file = folder / FREQUENCIES_FILE
    if not file.is_file():
        return None
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        found = load_file(file)["shares"].astype(np.float64)
    except (SafetensorError, OSError, KeyError) as error:
        raise WeightsError(f"{file} is damaged ({error}). Delete it, or write it again.") from error
    if found.ndim != 1 or not (found >= 0).all() or not np.isfinite(found).all() or found.sum() <= 0:
        raise WeightsError(f"{file} is damaged: it holds no shares. Delete it, or write it again.")
    shares: Floats = found / found.sum()
    return shares


def _pairs(merges: Sequence[str | Sequence[str]]) -> Iterator[Pair]:
    """Yield the merges, which are written as "a b" or as a list."""
    for each in merges:
        left, right = each.split(" ", 1) if isinstance(each, str) else each
        yield left, right


def _last_parts(token: str, ranks: Mapping[Pair, int]) -> Sequence[str]:
    """Return the two parts whose merge is the token, as BPE finds them; none if it does not."""
    parts = list(token)
    while len(parts) > 2:
        ranked = [ranks.get(pair, len(ranks)) for pair in pairwise(parts)]
        place = ranked.index(min(ranked))
        if ranked[place] == len(ranks):
            return ()
        parts[place : place + 2] = [parts[place] + parts[place + 1]]
    return parts
