"""The form of the texts that networks take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

ModalityName = str
"""The name of a modality: ``"image"`` or ``"text"``."""


@dataclass(frozen=True, slots=True)
class TextConfig:
    """The form of the texts that a network's weights expect.

    Attributes:
        input_size: The largest number of tokens.
        encoder: The file of a tokenizer, or ``"ngrams:N"`` for hashed words and pairs of words.
        digest: Hash of the tokenizer.
        padding: The number that fills the places after the last token.
        special: Whether the tokenizer adds its own tokens, such as ``[CLS]``.
        fixed: Whether sizes other than ``input_size`` are forbidden.
    """

    input_size: int
    encoder: str = field(repr=False)  # a path is no property of the network
    digest: str
    padding: int = 0
    special: bool = False
    fixed: bool = False

    modality: ClassVar[ModalityName] = "text"
