"""Offer the linear classifier on columns of several layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autotl import hookimpl

if TYPE_CHECKING:
    from torch import nn


class MultiLayer:
    """A linear classifier on chosen columns of stage features."""

    name = "multi_layer"
    summary = "a linear layer on chosen columns of several stages"

    @property
    def portable(self) -> type[nn.Module]:
        """See :class:`autotl.api.PortableHead`."""
        from autotl.builtin.heads.modules.multi_layer import (
            MultiLayerHead,  # torch is not needed to list plugins
        )

        return MultiLayerHead

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
    return [MultiLayer()]
