"""Images and texts pass the checks of modalities, and are found by their names."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from autotl.api import DataConfig, TextConfig, Weights
from autotl.builtin.modalities.images import Images
from autotl.builtin.modalities.texts import Texts
from autotl.builtin.sources.tiny import Tiny
from autotl.errors import UnknownName
from autotl.modalities import modality_named, modality_of, noun_of
from autotl.modalities.text.tokens import file_digest
from autotl.testing import ModalityChecks
from autotl.training import AUGMENTATIONS
from tests.support.texts import vectors_folder

TEXTS = ("the cat saw a dog", "rain and snow today", "we saw some bread", "there was cheese")


class TestImages(ModalityChecks):
    modality = Images()
    config = DataConfig(64, (0.5,) * 3, (0.5,) * 3, "bicubic", 1.0, "center", fixed=False)
    inputs = tuple(Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue"))
    weights = Tiny().open("tiny")


class TestHashedWords(ModalityChecks):
    modality = Texts()
    config = TextConfig(64, "ngrams:512", "ngrams:512")
    inputs = TEXTS


class TestTokens(ModalityChecks):
    modality = Texts()
    inputs = TEXTS

    @pytest.fixture(autouse=True)
    def _tokenizer(self, tmp_path: Path) -> None:
        folder = vectors_folder(tmp_path / "vectors")
        file = folder / "tokenizer.json"
        self.config = TextConfig(64, str(file), file_digest(file), padding=1)
        self.weights = Weights("vectors", "static", "test", folder=folder, modality="text")


def test_the_augmentations_of_images_are_those_of_the_training():
    assert Images().augmentations == tuple(AUGMENTATIONS)


def test_names_and_configurations_find_the_installed_modality():
    assert modality_of(TestHashedWords.config) is modality_named("text")
    assert noun_of(TestImages.config) == "image"


def test_an_unknown_modality_is_named_with_the_known_ones():
    with pytest.raises(UnknownName, match=r"image.*text"):
        modality_named("sound")
