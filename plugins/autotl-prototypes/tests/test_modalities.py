"""The same strategy serves images and texts."""

import pytest

import autotl
from autotl.terminal import Silence
from autotl.testing import tiny_images

ANIMALS = ("dog", "cat", "horse", "sheep", "mouse", "rabbit")
MEALS = ("soup", "bread", "rice", "cheese", "salad", "cake")
FORMS = ("my {} is on the table", "we saw a {} today", "there was some {} left", "tell me about the {}")


def fitted(data, folder, **options):
    return autotl.fit(
        data, strategies="prototypes", trials=1, out=folder, device="cpu", experience=False, watch=Silence(),
        **options,
    )  # fmt: skip


def test_images_are_fitted(tmp_path):
    result = fitted(tiny_images(classes=2, each=12), tmp_path / "run", backbone="tiny", image_size=32)
    (arm,) = result.report["arms"]
    assert (arm["strategy"], arm["backbone"]) == ("prototypes", "tiny")
    assert arm["best_val"] > 0.6


def test_texts_are_fitted_with_vectors_of_tokens(tmp_path):
    pytest.importorskip("wordllama", reason="texts need: pip install 'autotl[text]'")
    pytest.importorskip("tokenizers", reason="texts need: pip install 'autotl[text]'")
    words = [("animal", word) for word in ANIMALS] + [("meal", word) for word in MEALS]
    texts, labels = zip(*((form.format(word), topic) for topic, word in words for form in FORMS), strict=True)
    result = fitted(([*texts], [*labels]), tmp_path / "run", backbone="static:wordllama")
    (arm,) = result.report["arms"]
    assert arm["strategy"] == "prototypes"
    assert arm["best_val"] > 0.7
    assert result.predict(["a cow and a goat"])["label"].tolist() == ["animal"]
