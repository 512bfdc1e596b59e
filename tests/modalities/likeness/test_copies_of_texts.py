"""Near copies of texts are found by their runs of words."""

from __future__ import annotations

import numpy as np

from autotl.api import FindsCopies
from autotl.modalities import modality_named
from autotl.modalities.text.likeness.copies import (
    MIN_RESEMBLANCE,
    copies_among,
    copies_between,
    resemblance,
    run_hashes,
)


def words(count: int, seed: int) -> list[str]:
    return [f"w{number}" for number in np.random.default_rng(seed).integers(0, 500, count)]


def long_texts(count: int = 40, length: int = 60) -> list[str]:
    return [" ".join(words(length, seed)) for seed in range(count)]


def with_other_words(text: str, count: int) -> str:
    """Replace words at the end, which changes the fewest runs."""
    kept = text.split()
    return " ".join([*kept[: len(kept) - count], *(f"new{number}" for number in range(count))])


def test_texts_that_share_most_runs_are_copies():
    texts = long_texts()
    near = [with_other_words(texts[3], 5), f"Quoted: {texts[9].upper()}!", texts[20] + " the end"]
    pairs = copies_among([*texts, *near])
    assert pairs.tolist() == [[3, 40], [9, 41], [20, 42]]


def test_texts_that_share_few_runs_are_none():
    texts = long_texts(10)
    near = [with_other_words(texts[3], 30), " ".join(reversed(texts[4].split()))]
    assert copies_among([*texts, *near]).tolist() == []


def test_questions_of_one_form_are_no_copies():
    assert (
        copies_among(["How do I reset my card?", "How can I reset my card?", "How do I reset my PIN?"]).size
        == 0
    )
    found = copies_among(["How do I reset my card?", "hello", "how do i   reset my card", "Hello!"])
    assert found.tolist() == [[0, 2], [1, 3]]


def test_copies_between_two_sets_leave_out_those_within_one():
    texts = long_texts(12)
    others = [texts[5] + " again", "nothing of this", texts[7]]
    assert copies_between([*texts, texts[0]], others).tolist() == [[5, 0], [7, 2]]
    assert copies_between(texts, []).tolist() == []
    assert copies_among([]).tolist() == []


def test_the_smallest_resemblance_is_found_almost_surely():
    texts, pairs = long_texts(60), 0
    for text in texts:
        other = with_other_words(text, 10)
        assert MIN_RESEMBLANCE <= resemblance(run_hashes(text), run_hashes(other)) < 0.75
        pairs += len(copies_between([text], [other]))
    assert pairs == len(texts)


def test_many_equal_texts_stay_linked():
    found = copies_among(["the same few words again and again"] * 200)
    assert set(found.ravel().tolist()) == set(range(200))
    assert len(found) < 200 * 199 / 2


def test_texts_without_words_are_compared_as_they_are():
    assert copies_among([":-)", "!!!", " :-) ", ""]).tolist() == [[0, 2]]


def test_the_modality_of_texts_finds_copies():
    modality = modality_named("text")
    assert isinstance(modality, FindsCopies)
    assert not isinstance(modality_named("image"), FindsCopies)
    assert modality.copies_among(["one two three", "One two  three"]).tolist() == [[0, 1]]
    assert modality.copies_between(["one two three"], ["other", "one two three"]).tolist() == [[0, 1]]
