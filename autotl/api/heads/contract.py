"""The contract of a kind of head, and a head's description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """The description of a head that is not linear, as plain data.

    Attributes:
        kind: The name of a :class:`HeadKind`.
        arguments: Arguments of :meth:`HeadKind.build`, as JSON values.
        stages: Names of the backbone's stages whose outputs the head takes, averaged over positions. They
            come in this order, and the pooled features last. Without stages, the head takes the pooled
            features alone.
    """

    kind: str
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)
    stages: tuple[str, ...] = ()


@runtime_checkable
class HeadKind(Protocol):
    """A kind of head, such as a multilayer perceptron.

    A model folder names the kind and its arguments. Loading the folder builds the head, if a plugin that
    offers the kind is installed. No code of the folder runs.
    """

    name: str
    summary: str

    def build(self, arguments: Mapping[str, Any], features: int, outputs: int) -> nn.Module:
        """Return a new head, whose weights are loaded next.

        The same arguments must lead to the same names and shapes of tensors.

        Args:
            arguments: The arguments of the head's :class:`HeadSpec`.
            features: Width of the input.
            outputs: Width of the output.

        Returns:
            A module that maps float32 (rows, features) to float32 (rows, outputs). A row's outputs depend on
            that row alone in evaluation mode.

        Raises:
            ValueError: The arguments are wrong.
        """
        ...


@runtime_checkable
class PortableHead(Protocol):
    """Optional part of a :class:`HeadKind`: the head needs torch alone.

    The model folder then has a loader that needs no autotl. It contains the source code of ``portable``.
    """

    @property
    def portable(self) -> type[nn.Module]:
        """The class of the head.

        Its constructor takes the arguments of :meth:`HeadKind.build`. Its source code uses the names
        ``torch``, ``nn``, ``Tensor``, ``Mapping`` and ``Any`` only.
        """
        ...
