"""Networks that take token numbers, with the methods of timm models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autotl.api import TextConfig


class TextNetwork(nn.Module):
    """A body that turns tokens into features, and a linear classifier.

    Tokens are (n, tokens), and features (n, width).

    Attributes:
        body: The layers before the classifier.
        head: The classifier.
        num_features: The width of the features.
        num_classes: The number of outputs; 0 without a classifier.
        input_config: The form of the texts.
        pretrained_cfg: The architecture, the size and the classifier, by timm's names.
        arguments: The arguments of the architecture, as JSON values.
        feature_info: The modules that end stages, as timm names them; empty if the body is one stage.
    """

    def __init__(
        self,
        body: nn.Module,
        config: TextConfig,
        *,
        architecture: str,
        arguments: Mapping[str, Any],
        width: int,
    ) -> None:
        """Start without a classifier.

        Args:
            body: The layers before the classifier.
            config: The form of the texts.
            architecture: The name of the architecture.
            arguments: The arguments of the architecture.
            width: The width of the features.
        """
        super().__init__()
        self.body = body
        self.head: nn.Module = nn.Identity()
        self.num_features, self.num_classes = width, 0
        self.input_config, self.arguments = config, dict(arguments)
        self.feature_info: Sequence[Mapping[str, Any]] = [
            {"module": f"body.{name}", "num_chs": width, "reduction": 1}
            for name in getattr(body, "stages", ())
        ]
        self.pretrained_cfg: dict[str, Any] = {
            "architecture": architecture,
            "classifier": "head",
            "input_size": (config.input_size,),
            "num_classes": 0,
        }

    def forward_features(self, x: Tensor) -> Tensor:
        """Return the features (n, width) of tokens (n, tokens)."""
        features: Tensor = self.body(x)
        return features

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """Return the outputs (n, k) of features, or the features themselves."""
        return x if pre_logits else self.head(x)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (n, k) of tokens (n, tokens)."""
        return self.forward_head(self.forward_features(x))

    def get_classifier(self) -> nn.Module:
        """Return the classifier."""
        return self.head

    def reset_classifier(self, num_classes: int) -> None:
        """Replace the classifier; 0 removes it."""
        self.num_classes = self.pretrained_cfg["num_classes"] = num_classes
        self.head = nn.Linear(self.num_features, num_classes) if num_classes else nn.Identity()

    def example_inputs(self, rows: int, size: int, generator: torch.Generator | None = None) -> Tensor:
        """Return random tokens, int64 (rows, size), on the CPU.

        Args:
            rows: The number of texts.
            size: The number of tokens.
            generator: Draws the tokens; None for the global one.
        """
        most = int(self.arguments["vocabulary"])
        return torch.randint(0, most, (rows, size), generator=generator)


def token_vectors(vocabulary: int, width: int, padding: int) -> nn.EmbeddingBag:
    """Return vectors whose mean over a text is its features.

    Args:
        vocabulary: The number of tokens.
        width: The width of the vectors.
        padding: The token that is left out of the mean.
    """
    rows = max(vocabulary, padding + 1)
    vectors = nn.EmbeddingBag(rows, width, mode="mean", padding_idx=padding)
    nn.init.normal_(vectors.weight, std=width**-0.5)
    return vectors


class WeightedBag(nn.Module):
    """Vectors of words whose weighted sum is the features of a text.

    The weights of a text's distinct words are their inverse document frequencies, scaled to length 1: TF-IDF
    with binary counts.

    Attributes:
        weight: The vectors, (buckets, width).
        idf: The inverse document frequency of each number, (buckets,).
    """

    def __init__(self, buckets: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(buckets, width))
        self.idf: Tensor
        self.register_buffer("idf", torch.ones(buckets))

    def forward(self, x: Tensor) -> Tensor:
        """Return features (n, width) of word numbers (n, words), 0 for none."""
        weights = self.idf[x] * (x != 0)
        length = weights.square().sum(1, keepdim=True).sqrt().clamp_min(1e-12)
        return F.embedding_bag(x, self.weight, per_sample_weights=weights / length, mode="sum", padding_idx=0)
