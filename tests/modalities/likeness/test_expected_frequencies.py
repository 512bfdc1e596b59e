"""Frequencies of tokens are estimated from the order of the merges."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from autotl.errors import WeightsError
from autotl.modalities.text.likeness.frequencies import (
    FREQUENCIES_FILE,
    OFFSET,
    expected_frequencies,
    load_frequencies,
    save_frequencies,
)
from tests.support.texts import vectors_folder

MERGES = ["t h", "th e", "a n", "an d", "▁ the", "x y"]
TOKENS = ["<unk>", "t", "h", "e", "a", "n", "d", "x", "y", "▁", "th", "the", "an", "and", "▁the", "xy"]


def written(folder: Path, **model: object) -> Path:
    file = folder / "tokenizer.json"
    vocab = {token: number for number, token in enumerate(TOKENS)}
    document = {"model": {"type": "BPE", "vocab": vocab, "merges": MERGES, **model}}
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def shares(folder: Path, **model: object) -> dict[str, float]:
    found = expected_frequencies(written(folder, **model), len(TOKENS))
    assert found is not None
    assert found.sum() == pytest.approx(1)
    return dict(zip(TOKENS, found.tolist(), strict=True))


def test_a_token_has_the_count_of_its_merge_without_those_that_use_it_up(tmp_path: Path):
    found = shares(tmp_path)
    least = 1 / (6 + OFFSET)
    counts = {
        "th": 1 / (1 + OFFSET) - 1 / (2 + OFFSET),
        "the": 1 / (2 + OFFSET) - 1 / (5 + OFFSET),
        "an": 1 / (3 + OFFSET) - 1 / (4 + OFFSET),
        "and": 1 / (4 + OFFSET),
        "▁the": 1 / (5 + OFFSET),
        "xy": least,
    }
    total = sum(max(each, least) for each in counts.values())
    for token, count in counts.items():
        assert found[token] == pytest.approx(max(count, least) / total)
    assert all(found[token] == 0 for token in TOKENS if token not in counts)
    assert found["and"] > found["th"]


def test_merges_may_be_lists_and_tokens_may_have_several(tmp_path: Path):
    assert shares(tmp_path, merges=[each.split() for each in MERGES]) == shares(tmp_path)
    several = ["t h", "th e", "t he", "a n", "an d", "▁ the", "x y"]
    assert shares(tmp_path, merges=several) == pytest.approx(shares(tmp_path))


def test_other_tokenizers_have_no_expected_frequencies(tmp_path: Path):
    words = vectors_folder(tmp_path / "vectors") / "tokenizer.json"
    assert expected_frequencies(words, 64) is None
    assert expected_frequencies(written(tmp_path, merges=[]), len(TOKENS)) is None


def test_frequencies_are_kept_beside_the_weights(tmp_path: Path):
    assert load_frequencies(tmp_path) is None
    save_frequencies(tmp_path, np.array([0.5, 0.25, 0.25]))
    found = load_frequencies(tmp_path)
    assert found is not None
    assert found.tolist() == [0.5, 0.25, 0.25]
    save_frequencies(tmp_path, np.array([0.5, -0.25, 0.25]))
    with pytest.raises(WeightsError, match="is damaged: it holds no shares"):
        load_frequencies(tmp_path)
    (tmp_path / FREQUENCIES_FILE).write_bytes(b"no tensors")
    with pytest.raises(WeightsError, match="is damaged"):
        load_frequencies(tmp_path)
