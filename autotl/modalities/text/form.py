"""Describe a text network in the ``config.json`` of its folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autotl import jsonio
from autotl.api import TextConfig, Weights
from autotl.errors import WeightsError
from autotl.modalities.text.tokens import NGRAMS, file_digest

CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE = "config.json", "model.safetensors", "tokenizer.json"
TEXT, ENCODER = "text", "encoder"
MAX_TOKENS = 512
"""The most tokens that a transformer gets: attention takes time by their square."""


@dataclass(frozen=True, slots=True)
class TextInput:
    """The form of the texts, as JSON.

    Attributes:
        input_size: The largest number of tokens.
        encoder: The tokenizer's file in the folder, or ``"ngrams:N"``.
        padding: The number that fills up.
        special: Whether the tokenizer adds its own tokens.
        fixed: Whether other sizes are forbidden.
    """

    input_size: int
    encoder: str = TOKENIZER_FILE
    padding: int = 0
    special: bool = False
    fixed: bool = False

    def config(self, folder: Path | None) -> TextConfig:
        """Return the configuration, with the tokenizer of a folder."""
        if self.encoder.startswith(NGRAMS) or folder is None:
            encoder, digest = self.encoder, self.encoder
        else:
            file = folder / self.encoder
            if not file.is_file():
                raise WeightsError(f"{folder} must hold {self.encoder} (got none). Copy the folder again.")
            encoder, digest = str(file), file_digest(file)
        return TextConfig(self.input_size, encoder, digest, self.padding, self.special, self.fixed)


@dataclass(frozen=True, slots=True)
class TextForm:
    """The description of a text network.

    Attributes:
        architecture: ``"static"``, ``"tfidf"`` or ``"encoder"``.
        input: The form of the texts.
        arguments: The arguments of the architecture.
        num_classes: The outputs of the classifier; 0 without one.
        modality: ``"text"``.
    """

    architecture: str
    input: TextInput
    arguments: Mapping[str, Any] = field(default_factory=dict)
    num_classes: int = 0
    modality: str = TEXT


def is_text_folder(folder: Path) -> bool:
    """Return whether a folder holds a text network that autotl wrote."""
    try:
        document: Any = jsonio.read(folder / CONFIG_FILE)
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and document.get("modality") == TEXT


def read_form(folder: Path) -> TextForm:
    """Read the description of a text network.

    Raises:
        WeightsError: The file is missing or holds something else.
    """
    file = folder / CONFIG_FILE
    try:
        document: Any = jsonio.read(file)
        if is_transformers_config(document):
            return _transformers_form(document)
        found = jsonio.as_type(document, TextForm)
    except (OSError, ValueError) as error:
        raise WeightsError(f"{file} cannot be read: {error}. Copy the folder again.") from error
    if found.modality != TEXT:
        raise WeightsError(
            f"{file} must describe a text network (got {found.modality}). Give another folder."
        )
    return found


def is_transformers_config(document: Any) -> bool:
    """Return whether a configuration is one of Hugging Face's transformers."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("model_type"), str)
        and "modality" not in document
    )


def _transformers_form(document: dict[str, Any]) -> TextForm:
    """Return the description of a transformer; special tokens are added, and long texts are cut."""
    padding = document.get("pad_token_id")
    padding = padding if isinstance(padding, int) else 0
    positions = document.get("max_position_embeddings")
    most = positions if isinstance(positions, int) else MAX_TOKENS
    if "roberta" in document["model_type"]:
        most -= padding + 1  # its positions start behind that of the padding
    text_input = TextInput(min(MAX_TOKENS, most), TOKENIZER_FILE, padding, special=True)
    arguments = {"config": document, "vocabulary": int(document.get("vocab_size") or 1)}
    return TextForm(ENCODER, text_input, arguments)


def form_of(weights: Weights) -> TextForm:
    """Return the description of a network, by its folder or arguments."""
    if weights.folder is not None:
        return read_form(weights.folder)
    return TextForm(
        weights.timm_name,
        jsonio.as_type(weights.args["input"], TextInput),
        weights.args["arguments"],
    )
