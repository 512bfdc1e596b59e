"""Tokens of texts are compared with those of a source, and texts are drawn for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autotl.api import KnowsSource, MakesNoise, TextConfig
from autotl.backbone import build_reference
from autotl.modalities import modality_named
from autotl.modalities.text.likeness.drawn import expected_texts
from autotl.modalities.text.likeness.frequencies import save_frequencies
from autotl.modalities.text.likeness.measures import SingleCharacters, TokenFrequencies, is_single
from autotl.modalities.text.tokens import file_digest
from tests.support.texts import vectors_folder

PADDING = 9


def tokens(*rows: list[int], size: int = 4) -> np.ndarray:
    return np.array([[*row, *[PADDING] * (size - len(row))] for row in rows], dtype=float)


def source(*rows: list[int]):
    return build_reference(tokens(*rows), input_size=4)


def test_the_divergence_is_0_for_equal_frequencies_and_log_2_without_a_common_token():
    measure = TokenFrequencies(PADDING)
    some = source([1, 2], [1, 2], [2, 1], [1, 2])
    assert measure.distance(tokens([2, 1, 2, 1]), some) == pytest.approx(0)
    assert measure.distance(tokens([3], [4]), some) == pytest.approx(np.log(2))
    assert 0 < measure.distance(tokens([1, 1, 1, 2]), some) < measure.distance(tokens([1, 3]), some)


def test_single_letters_count_if_they_exceed_those_of_the_source():
    vocabulary = {"▁cat": 0, "s": 1, "▁a": 2, ".": 3, "<0x41>": 4, "<unk>": 5, "PAD": PADDING}
    measure = SingleCharacters(vocabulary, PADDING)
    assert measure.share(tokens([0, 1, 3], [2])) == pytest.approx(1 / 3)
    none = source(*[[0, 2, 0, 2]] * 4)
    assert measure.distance(tokens([0, 2, 0, 2]), none) == 0
    assert measure.distance(tokens([1, 4, 5, 1]), none) == pytest.approx(1)
    assert measure.distance(tokens([0, 2, 0, 2]), source(*[[1, 1, 1, 1]] * 4)) == 0


@pytest.mark.parametrize(
    ("token", "inner", "single"),
    [
        ("s", False, True),
        ("▁s", False, False),
        ("Ġ", False, False),
        ("▁", False, False),
        ("1", False, False),
        ("ab", False, False),
        ("中", False, True),
        ("##s", True, True),
        ("s", True, False),
        ("##ab", True, False),
        ("<0x0A>", True, True),
        ("[UNK]", True, True),
    ],
)
def test_single_letters_inside_words_bytes_and_unknown_tokens_are_told(token: str, inner: bool, single: bool):
    assert is_single(token, inner=inner) == single


def test_expected_texts_have_the_lengths_of_the_data_and_the_frequencies_of_the_source():
    like = np.full((400, 6), PADDING, dtype=np.int32)
    like[:, :3] = 1
    like[:200, 3] = 1
    shares = np.zeros(PADDING + 1)
    shares[[2, 5]] = 0.75, 0.25
    found = expected_texts(shares, like, padding=PADDING, seed=0)
    assert found.dtype == like.dtype
    assert np.array_equal(found == PADDING, like == PADDING)
    assert (found[found != PADDING] == 2).mean() == pytest.approx(0.75, abs=0.03)
    assert np.array_equal(found, expected_texts(shares, like, padding=PADDING, seed=0))


def test_the_modality_of_texts_draws_noise_and_expected_texts(tmp_path: Path):
    modality, folder = modality_named("text"), vectors_folder(tmp_path / "vectors")
    file = folder / "tokenizer.json"
    config = TextConfig(16, str(file), file_digest(file), padding=1)
    assert isinstance(modality, KnowsSource)
    assert isinstance(modality, MakesNoise)
    encode = modality.view(config, input_size=16).transform()
    like = np.stack([encode("the cat saw a dog"), encode("rain")])
    noise = modality.noise(config, like, seed=0)
    assert np.array_equal(noise == 1, like == 1)
    assert not np.array_equal(noise, like)
    assert modality.expected_inputs(folder, config, like, seed=0) is None
    save_frequencies(folder, np.eye(32)[5])
    assert np.array_equal(modality.expected_inputs(folder, config, like, seed=0), np.where(like == 1, 1, 5))
    assert set(modality.input_similarities(config)) == {"token_frequencies", "single_characters"}
    assert set(modality.input_similarities(TextConfig(16, "ngrams:99", "ngrams:99"))) == {"token_frequencies"}


def test_noise_of_images_is_uniform():
    modality = modality_named("image")
    assert isinstance(modality, MakesNoise)
    assert not isinstance(modality, KnowsSource)
    like = np.zeros((20, 3, 32, 32), dtype=np.uint8)
    noise = modality.noise(None, like, seed=1)
    assert (noise.shape, noise.dtype) == (like.shape, np.uint8)
    assert abs(noise.mean() - 127.5) < 1
    assert np.array_equal(noise, modality.noise(None, like, seed=1))
    assert not np.array_equal(noise, modality.noise(None, like, seed=2))


def test_a_mark_of_spaces_tells_the_kind_of_vocabulary():
    marked = SingleCharacters({"▁cat": 0, "s": 1, "##s": 2, "##": 3}, PADDING)
    assert marked.share(tokens([0, 1])) == 0.5
    inner = SingleCharacters({"cat": 0, "s": 1, "##s": 2}, PADDING)
    assert inner.share(tokens([0, 1])) == 0
    assert inner.share(tokens([0, 2])) == 0.5
