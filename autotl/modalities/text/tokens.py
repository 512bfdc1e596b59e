"""Turn texts into arrays of token numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autotl.errors import WeightsError
from autotl.importing.lazy import lazy_module
from autotl.modalities.text.ngrams import ngram_numbers

if TYPE_CHECKING:
    import tokenizers
else:  # an optional package
    tokenizers = lazy_module("tokenizers")

NGRAMS = "ngrams:"
"""The beginning of an encoder's name that hashes words and pairs of words."""
INSTALL = "Install it: python -m pip install 'autotl[text]'"


@dataclass(frozen=True, slots=True)
class TokenView:
    """A text as its first tokens.

    Attributes:
        input_size: The number of tokens; shorter texts are filled up.
        encoder: The file of a tokenizer, or ``"ngrams:N"``.
        digest: Hash of the tokenizer.
        padding: The number that fills up.
        special: Whether the tokenizer adds its own tokens.
    """

    input_size: int
    encoder: str
    digest: str
    padding: int = 0
    special: bool = False

    @property
    def key(self) -> str:
        """Name of the view in cache keys; equal views have equal keys."""
        return f"tokens-{self.input_size}-{self.digest}-{self.padding}-{int(self.special)}"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one text, (tokens,)."""
        return (self.input_size,)

    @property
    def dtype(self) -> np.dtype[np.int32]:
        """The type of the token numbers."""
        return np.dtype(np.int32)

    def transform(self) -> Callable[[Any], NDArray[Any]]:
        """Return a function from a text to its token numbers, int32 (tokens,).

        Raises:
            WeightsError: The package ``tokenizers`` is not installed, or the tokenizer cannot be read.
        """
        numbers = self._numbers()

        def transform(text: str) -> NDArray[np.int32]:
            found = numbers(text)[: self.input_size]
            tokens = np.full(self.input_size, self.padding, dtype=np.int32)
            tokens[: len(found)] = found
            return tokens

        return transform

    def _numbers(self) -> Callable[[str], list[int]]:
        if self.encoder.startswith(NGRAMS):
            buckets = int(self.encoder.removeprefix(NGRAMS))
            return partial(ngram_numbers, buckets=buckets, most=self.input_size)
        tokenizer = read_tokenizer(Path(self.encoder))
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.input_size)

        def numbers(text: str) -> list[int]:
            encoded: list[int] = tokenizer.encode(text, add_special_tokens=self.special).ids
            return encoded

        return numbers


def file_digest(file: Path) -> str:
    """Return a hash of a tokenizer's file."""
    return hashlib.blake2b(file.read_bytes(), digest_size=8).hexdigest()


def padding_of(file: Path) -> int:
    """Return the number of the padding token.

    It is one beyond all tokens if there is none.

    Raises:
        WeightsError: The package ``tokenizers`` is not installed, or the tokenizer cannot be read.
    """
    tokenizer = read_tokenizer(file)
    if tokenizer.padding is not None:
        return int(tokenizer.padding["pad_id"])
    for name in ("[PAD]", "<pad>", "<|padding|>"):
        if (found := tokenizer.token_to_id(name)) is not None:
            return int(found)
    return int(tokenizer.get_vocab_size(with_added_tokens=True))


def vocabulary_of(file: Path) -> dict[str, int]:
    """Return the number of each token.

    Raises:
        WeightsError: The package ``tokenizers`` is not installed, or the tokenizer cannot be read.
    """
    found: dict[str, int] = read_tokenizer(file).get_vocab(with_added_tokens=True)
    return found


def read_tokenizer(file: Path) -> Any:
    """Return the tokenizer of a file.

    Raises:
        WeightsError: The package ``tokenizers`` is not installed, or the file cannot be read.
    """
    try:
        return tokenizers.Tokenizer.from_file(str(file))
    except ImportError as error:
        raise WeightsError(f"Texts need the package tokenizers, which is not installed. {INSTALL}") from error
    except Exception as error:  # the package raises bare exceptions
        raise WeightsError(f"The tokenizer {file} cannot be read: {error}. Save it again.") from error
