"""Images and texts pass the checks of modalities."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from autotl.api import DataConfig, TextConfig
from autotl.errors import UnknownName
from autotl.modalities import MODALITIES, modality_named
from autotl.modalities.text.tokens import file_digest
from autotl.testing import ModalityChecks
from autotl.training import AUGMENTATIONS
from tests.support.texts import vectors_folder

TEXTS = ("the cat saw a dog", "rain and snow today", "we saw some bread", "there was cheese")


class TestImages(ModalityChecks):
    modality = MODALITIES["image"]
    config = DataConfig(64, (0.5,) * 3, (0.5,) * 3, "bicubic", 1.0, "center", fixed=False)
    inputs = tuple(Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue"))


class TestHashedWords(ModalityChecks):
    modality = MODALITIES["text"]
    config = TextConfig(64, "ngrams:512", "ngrams:512")
    inputs = TEXTS


class TestTokens(ModalityChecks):
    modality = MODALITIES["text"]
    inputs = TEXTS

    @pytest.fixture(autouse=True)
    def _tokenizer(self, tmp_path: Path) -> None:
        file = vectors_folder(tmp_path / "vectors") / "tokenizer.json"
        self.config = TextConfig(64, str(file), file_digest(file), padding=1)


def test_the_augmentations_of_images_are_those_of_the_training():
    assert MODALITIES["image"].augmentations == tuple(AUGMENTATIONS)


def test_an_unknown_modality_is_named_with_the_known_ones():
    with pytest.raises(UnknownName, match=r"image.*text"):
        modality_named("sound")
