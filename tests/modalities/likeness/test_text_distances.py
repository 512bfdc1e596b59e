"""Real texts are nearer to the source of token vectors than what is no language."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from autotl.builtin.sources.static_vectors import StaticVectors
from benchmarks.text_distances import FORMS, sampled, similarities

pytestmark = pytest.mark.skipif(
    find_spec("wordllama") is None, reason="wordllama is not installed: autotl[text]"
)


@pytest.mark.parametrize("table", ["questions.csv", "movie_reviews.csv", "banking77.csv"])
def test_real_texts_are_nearer_than_shuffled_and_random_characters(shared: Path, table: str) -> None:
    file = shared / "data" / "text" / table
    if not file.is_file():
        pytest.skip(f"there are no real texts at {file}")
    texts, weights = sampled(file, seed=0), StaticVectors().open("static:wordllama")
    found = {form: similarities(texts, form, weights=weights, seed=0) for form in FORMS}
    frequencies = {form: each["token_frequencies"].calibrated for form, each in found.items()}
    assert frequencies["real"] > 0.3
    assert frequencies["words shuffled"] == pytest.approx(frequencies["real"], abs=0.1)
    assert frequencies["real"] > frequencies["characters shuffled"] + 0.2
    assert frequencies["characters shuffled"] > frequencies["random characters"]
    single = {form: each["single_characters"].calibrated for form, each in found.items()}
    assert single["real"] > 0.8
    assert single["real"] > single["characters shuffled"] + 0.2
    assert single["characters shuffled"] > single["random characters"]
