"""The kind of head that predicts in context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

NAME = "tabicl"


class TabICLKind:
    """Prediction by TabICL from principal components of the features.

    The head's tensors contain the transformer, so that a delivered model needs no other file.
    """

    name = NAME
    summary = "principal components, then prediction in the context of training images by TabICL"

    def build(self, arguments: Mapping[str, Any], features: int, outputs: int) -> nn.Module:
        """Return a head; see :class:`autotl.api.HeadKind`.

        Args:
            arguments: The arguments of :class:`autotl_tabicl.module.TabICLHead`.
            features: Width of the input.
            outputs: Width of the output.
        """
        from autotl_tabicl.module import TabICLHead  # torch and tabicl are not needed to list plugins

        return TabICLHead(arguments, features, outputs)
