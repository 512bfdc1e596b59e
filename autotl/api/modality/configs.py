"""The form of the inputs that networks take."""

from __future__ import annotations

from dataclasses import Field, dataclass, field
from typing import Any, ClassVar, Protocol

ModalityName = str
"""The name of a modality, such as ``"image"`` or ``"text"``."""
UNNAMED_MODALITY: ModalityName = "image"
"""The modality of data, weights and folders that name none."""


class InputConfig(Protocol):
    """The form of the inputs that weights expect, of any modality.

    It is a frozen dataclass, such as :class:`DataConfig` for images and :class:`TextConfig` for texts. Its
    ``repr`` tells two forms apart, and is the same on each machine.

    Attributes:
        modality: The name of the modality.
        input_size: The native size, in the unit of the modality.
        fixed: Whether sizes other than ``input_size`` are forbidden.
    """

    modality: ClassVar[ModalityName]
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def input_size(self) -> int: ...
    @property
    def fixed(self) -> bool: ...


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
