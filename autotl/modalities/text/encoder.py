"""A transformer of Hugging Face as the body of a text network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from autotl.errors import WeightsError
from autotl.importing.lazy import lazy_module
from autotl.modalities.text.tokens import INSTALL

if TYPE_CHECKING:
    import transformers
else:  # an optional package
    transformers = lazy_module("transformers")


class Encoder(nn.Module):
    """A transformer whose features are the mean of its last hidden states.

    Attributes:
        model: The transformer, without heads.
        width: The width of the features.
        stages: The names of its layers, in order.
    """

    def __init__(self, model: nn.Module, *, padding: int) -> None:
        super().__init__()
        self.model = model
        self.width: int = int(_config(model).hidden_size)
        self.stages: tuple[str, ...] = _layers(model)
        self._padding = padding

    def forward(self, x: Tensor) -> Tensor:
        """Return the features (n, width) of tokens (n, tokens)."""
        mask = (x != self._padding).long()
        mask = torch.cat([mask[:, :1].clamp_min(1), mask[:, 1:]], 1)  # attention needs a token of each text
        hidden = self.model(input_ids=x, attention_mask=mask).last_hidden_state  # (n, tokens, width)
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        features: Tensor = (hidden * weights).sum(1) / weights.sum(1)
        return features


def empty_encoder(config: Mapping[str, Any], *, padding: int) -> Encoder:
    """Return an encoder with random weights.

    Args:
        config: The configuration of transformers, with its ``model_type``.
        padding: The token that is left out of the mean.

    Raises:
        WeightsError: transformers is not installed, or knows no such model without code of others.
    """
    try:
        settings = {name: value for name, value in config.items() if name not in _LOADING}
        known = transformers.AutoConfig.for_model(**settings)
        auto: Any = transformers.AutoModel  # its methods are untyped
        model = auto.from_config(known)
    except ImportError as error:
        raise WeightsError(f"This network needs the package transformers. {INSTALL}") from error
    except (KeyError, ValueError) as error:
        raise WeightsError(
            f"transformers cannot build the model {config.get('model_type')!r}: {error}. "
            "Choose another backbone."
        ) from error
    if getattr(model, "pooler", None) is not None:
        model.pooler = None  # the mean of the hidden states takes its place
    return Encoder(model, padding=padding)


_LOADING = ("auto_map", "architectures", "transformers_version", "_name_or_path", "torch_dtype", "dtype")
"""Entries of a configuration that control loading. ``auto_map`` names code of others, which is never run."""


def _config(model: nn.Module) -> Any:
    return model.config


def _layers(model: nn.Module) -> tuple[str, ...]:
    """Return the names of the layers: the longest list of modules."""
    lists = [(name, module) for name, module in model.named_modules() if isinstance(module, nn.ModuleList)]
    if not lists:
        return ()
    name, layers = max(lists, key=lambda each: len(each[1]))
    return tuple(f"model.{name}.{number}" for number in range(len(layers)))
