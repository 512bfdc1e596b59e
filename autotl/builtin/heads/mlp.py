"""Offer the multilayer perceptron with one hidden layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autotl import hookimpl

if TYPE_CHECKING:
    from torch import nn


class Mlp:
    """A multilayer perceptron on standardised features."""

    name = "mlp"
    summary = "standardise the features, one hidden layer, dropout"

    @property
    def portable(self) -> type[nn.Module]:
        """See :class:`autotl.api.PortableHead`."""
        from autotl.builtin.heads.modules.mlp import MlpHead  # torch is not needed to list plugins

        return MlpHead

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
    return [Mlp()]
