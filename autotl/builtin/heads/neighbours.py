"""Offer the vote of the nearest neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autotl import hookimpl

if TYPE_CHECKING:
    from torch import nn


class Neighbours:
    """The k nearest neighbours among the training images."""

    name = "neighbours"
    summary = "vote of the most similar training images, by cosine similarity"

    @property
    def portable(self) -> type[nn.Module]:
        """See :class:`autotl.api.PortableHead`."""
        from autotl.builtin.heads.modules.neighbours import (
            NeighboursHead,  # torch is not needed to list plugins
        )

        return NeighboursHead

    def build(self, arguments: Mapping[str, Any], features: int, outputs: int) -> nn.Module:
        """Return a head; see :class:`autotl.api.HeadKind`.

        Args:
            arguments: The arguments of the head.
            features: Width of the input.
            outputs: Width of the output.
        """
        return self.portable(arguments, features, outputs)


@hookimpl
def autotl_heads() -> list[Any]:
    return [Neighbours()]
