"""The part that all built-in kinds of heads share."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


class PortableKind:
    """A kind of head with its class in ``modules``.

    Attributes:
        name: The name of the kind, and of the file in ``modules``.
        summary: A single line of text.
        head: The name of the class.
    """

    name: str
    summary: str
    head: str

    @property
    def portable(self) -> type[nn.Module]:
        """See :class:`autotl.api.PortableHead`."""
        # imported here, because torch is not needed to list plugins
        module = import_module(f"autotl.builtin.heads.modules.{self.name}")
        found: type[nn.Module] = getattr(module, self.head)
        return found

    def build(self, arguments: Mapping[str, Any], features: int, outputs: int) -> nn.Module:
        """Return a head; see :class:`autotl.api.HeadKind`.

        Args:
            arguments: The arguments of the head.
            features: Width of the input.
            outputs: Width of the output.
        """
        return self.portable(arguments, features, outputs)
