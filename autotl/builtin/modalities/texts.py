"""Texts as a modality."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import (
    VERSION,
    Dataset,
    DeliveredNetwork,
    InputConfig,
    InputWords,
    Listing,
    NamedInput,
    PixelScale,
    Reader,
    ReadingBudget,
    Similarity,
    TextConfig,
    Weights,
)
from autotl.errors import DataError
from autotl.modalities.text.likeness.copies import copies_among, copies_between
from autotl.modalities.text.likeness.drawn import expected_texts, random_characters
from autotl.modalities.text.likeness.frequencies import load_frequencies
from autotl.modalities.text.likeness.measures import SingleCharacters, TokenFrequencies
from autotl.modalities.text.to_batch import Tokens
from autotl.modalities.text.tokens import NGRAMS, TokenView, vocabulary_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from torch import nn

MIN_TOKENS = 16
"""The smallest size that is tried."""
LONG_TEXTS = 0.95
"""The share of the texts that fit into the typical size."""
TOKENS_PER_WORD = 1.5
"""Tokens of a word, with punctuation."""


class Texts:
    """Texts, which networks take as numbers of their first tokens."""

    api = VERSION
    name = "text"
    summary = "texts, as numbers of their first tokens"
    noun = "text"
    augmentations: tuple[str, ...] = ("none",)
    cost_power = 1.0
    backbones: tuple[str, ...] = ("static:wordllama",)
    supports: tuple[str, ...] = ("additional",)
    words = InputWords(
        unit="tokens",
        symbol="tokens",
        size="length that 95 % of texts have at most",
        copies="but for case and white space",
        python='["a text", "another text"]',
        shell="texts.csv",
        loader='"a text" "another text"',
    )

    def read(self, source: object, listing: Listing, budget: ReadingBudget) -> Dataset:
        """Read the texts into memory.

        Args:
            source: The source, for errors.
            listing: The texts with their targets.
            budget: How many to read.
        """
        from autotl.data import read_texts

        return read_texts(source, listing, most=budget.most, seed=budget.seed)

    def list_inputs(
        self,
        given: Any,
        *,
        readers: Callable[[], Mapping[str, Reader]],
        column: str | None,
        scale: PixelScale | None,
    ) -> Iterator[NamedInput]:
        """Yield texts; opening an empty one raises DataError.

        Args:
            given: The texts, as for :func:`autotl.data.prediction_texts`.
            readers: Returns the readers by name.
            column: The column of a table that holds the texts.
            scale: Ignored: texts have none.
        """
        from autotl.data import prediction_texts

        for each in prediction_texts(given, readers=readers, text=column):
            yield NamedInput(each.name, partial(_not_empty, each.open))

    def view(self, config: TextConfig, *, input_size: int, margin: bool = False) -> TokenView:
        """See :class:`autotl.api.Modality`.

        Args:
            config: The configuration of the weights.
            input_size: The number of tokens.
            margin: Ignored: texts have none.
        """
        return TokenView(input_size, config.encoder, config.digest, config.padding, config.special)

    def to_batch(self, config: TextConfig, device: str) -> Tokens:
        """See :class:`autotl.api.Modality`."""
        return Tokens(device)

    def input_sizes(self, config: TextConfig, typical_size: int) -> tuple[int, ...]:
        """Return a power of two that typical texts fit into, and half."""
        if config.fixed:
            return (config.input_size,)
        size = MIN_TOKENS
        while size < typical_size:
            size *= 2
        size = min(size, config.input_size)
        return tuple(sorted({max(min(MIN_TOKENS, size), size // 2), size}))

    def typical_size(self, table: pd.DataFrame) -> int:
        """Return the tokens that most texts have at most."""
        return max(1, round(TOKENS_PER_WORD * float(table["length"].quantile(LONG_TEXTS))))

    def create(self, weights: Weights, *, pretrained: bool) -> nn.Module | None:
        """Return a network of token vectors or an encoder."""
        from autotl.modalities.text.create import create_network

        return create_network(weights, pretrained=pretrained)

    def noise(self, config: TextConfig, like: NDArray[Any], *, seed: int) -> NDArray[Any]:
        """Return texts of random characters; see :class:`autotl.api.MakesNoise`.

        Args:
            config: The configuration of the weights.
            like: Encoded texts whose lengths are kept, (n, tokens).
            seed: The seed.
        """
        encode = self.view(config, input_size=like.shape[1]).transform()
        return random_characters(encode, like, padding=config.padding, seed=seed)

    def expected_inputs(
        self, folder: Path, config: TextConfig, like: NDArray[Any], *, seed: int
    ) -> NDArray[Any] | None:
        """Return texts by the tokens' shares; see :class:`autotl.api.KnowsSource`.

        Args:
            folder: The folder of the weights.
            config: The configuration of the weights.
            like: Encoded texts whose lengths are kept, (n, tokens).
            seed: The seed.
        """
        shares = load_frequencies(folder)
        return None if shares is None else expected_texts(shares, like, padding=config.padding, seed=seed)

    def input_similarities(self, config: TextConfig) -> Mapping[str, Similarity]:
        """Return measures of tokens; see :class:`autotl.api.KnowsSource`."""
        found: list[Similarity] = [TokenFrequencies(config.padding)]
        if not config.encoder.startswith(NGRAMS):
            found.append(SingleCharacters(vocabulary_of(Path(config.encoder)), config.padding))
        return {each.name: each for each in found}

    def copies_among(self, inputs: Sequence[str]) -> NDArray[np.int64]:
        """Return pairs of near copies; see :class:`autotl.api.FindsCopies`."""
        return copies_among(inputs)

    def copies_between(self, inputs: Sequence[str], others: Sequence[str]) -> NDArray[np.int64]:
        """Return pairs of near copies; see :class:`autotl.api.FindsCopies`."""
        return copies_between(inputs, others)

    def write_network(self, folder: Path, network: DeliveredNetwork) -> None:
        """Write the weights, configuration, tokenizer and loader."""
        from autotl.results.texts.folder import write_text_network

        write_text_network(folder, network)

    def load_network(self, folder: Path) -> tuple[dict[str, Any], nn.Module, InputConfig]:
        """Return the configuration, the network and its form of texts."""
        from autotl.results.texts.folder import load_text_network

        return load_text_network(folder)


def _not_empty(opener: Callable[[], str]) -> str:
    text = opener()
    if not text.strip():
        raise DataError("the text is empty")
    return text


@hookimpl
def autotl_modalities() -> list[Any]:
    return [Texts()]
