"""Kinds of inputs, and the form in which networks take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.modalities.image.modality import ImageModality
    from autotl.modalities.image.normalise import Normalise
    from autotl.modalities.image.view import View
    from autotl.modalities.kinds import MODALITIES, modality_named, modality_of
    from autotl.modalities.text.form import is_text_folder, is_transformers_config
    from autotl.modalities.text.modality import TextModality
    from autotl.modalities.text.tokens import padding_of
    from autotl.modalities.text.wording import folded_text, simhash, words_of

__all__ = [
    "MODALITIES",
    "ImageModality",
    "Normalise",
    "TextModality",
    "View",
    "folded_text",
    "is_text_folder",
    "is_transformers_config",
    "modality_named",
    "modality_of",
    "padding_of",
    "simhash",
    "words_of",
]

lazy_package(__name__)
