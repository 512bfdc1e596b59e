"""Texts as a modality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.api import TextConfig, Weights
from autotl.modalities.text.to_batch import Tokens
from autotl.modalities.text.tokens import TokenView

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

MIN_TOKENS = 16
"""The smallest size that is tried."""
LONG_TEXTS = 0.95
"""The share of the texts that fit into the typical size."""
TOKENS_PER_WORD = 1.5
"""Tokens of a word, with punctuation."""


class TextModality:
    """Texts, which networks take as numbers of their first tokens."""

    name = "text"
    noun = "text"
    augmentations: tuple[str, ...] = ("none",)
    cost_power = 1.0
    backbones: tuple[str, ...] = ("static:wordllama",)

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
        from autotl.modalities.text.create import create_network  # imports torch

        return create_network(weights, pretrained=pretrained)
