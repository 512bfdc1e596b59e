"""Add low-rank updates to a network, and merge them into its weights."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Update:
    """The form of the updates.

    Attributes:
        rank: Rank of the product of two matrices, 1 or more.
        alpha: The product is multiplied by ``alpha / rank``.
        dropout: Dropout of the updates' inputs, in [0, 1).
        dora: Whether the lengths of the weights' rows are trained separately, as DoRA does.
    """

    rank: int
    alpha: int
    dropout: float
    dora: bool


class UpdatedNetwork:
    """A stock network whose layers have low-rank updates.

    Attributes:
        model: The network. PEFT replaced its layers in place, and only the updates require gradients.
    """

    def __init__(
        self, model: nn.Module, layers: Sequence[str], update: Update, generator: torch.Generator
    ) -> None:
        """Add updates to a network; they start at zero.

        Args:
            model: A stock model.
            layers: Names of the modules that get an update.
            update: The form of the updates.
            generator: Draws the first matrix of each update.
        """
        from peft import LoraConfig, get_peft_model

        config = LoraConfig(
            r=update.rank,
            lora_alpha=update.alpha,
            lora_dropout=update.dropout,
            use_dora=update.dora,
            target_modules="|".join(re.escape(name) for name in layers),  # a full match, unlike a list
        )
        self._peft: Any = get_peft_model(model, config)
        self.model = model
        for matrix in _first_matrices(model):
            _draw(matrix, generator)

    def merged_state(self) -> Mapping[str, Tensor]:
        """Return the state of the stock model with all updates merged.

        Merging in place and reverting would leave rounding errors in the frozen weights.

        Raises:
            ValueError: A merged weight is not finite.
        """
        merged: nn.Module = copy.deepcopy(self._peft).merge_and_unload(safe_merge=True)
        return merged.state_dict()


def _first_matrices(model: nn.Module) -> Iterator[Tensor]:
    for name, value in model.named_parameters():
        if ".lora_A." in name:
            yield value


def _draw(matrix: Tensor, generator: torch.Generator) -> None:
    """Draw a matrix as PEFT does, from the trial's seed in place of the global one."""
    import torch
    from torch import nn

    drawn = torch.empty(matrix.shape, dtype=matrix.dtype)
    nn.init.kaiming_uniform_(drawn, a=math.sqrt(5), generator=generator)
    with torch.no_grad():
        matrix.copy_(drawn)
