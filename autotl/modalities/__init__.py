"""Kinds of inputs, and the form in which networks take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.modalities.image.noise import noise_images
    from autotl.modalities.image.normalise import Normalise
    from autotl.modalities.image.view import View, image_view
    from autotl.modalities.kinds import modality_named, modality_of, noun_of
    from autotl.modalities.text.coverage import word_coverage
    from autotl.modalities.text.form import is_transformers_config
    from autotl.modalities.text.tokens import padding_of
    from autotl.modalities.text.wording import folded_text, simhash, words_of
    from autotl.modalities.words import errors_about, worded

__all__ = [
    "Normalise",
    "View",
    "errors_about",
    "folded_text",
    "image_view",
    "is_transformers_config",
    "modality_named",
    "modality_of",
    "noise_images",
    "noun_of",
    "padding_of",
    "simhash",
    "word_coverage",
    "worded",
    "words_of",
]

lazy_package(__name__)
