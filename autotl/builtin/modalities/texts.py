"""Texts as a modality."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
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
    TextConfig,
    Weights,
)
from autotl.errors import DataError
from autotl.modalities.text.to_batch import Tokens
from autotl.modalities.text.tokens import TokenView

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
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
    supports: tuple[str, ...] = ()
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
