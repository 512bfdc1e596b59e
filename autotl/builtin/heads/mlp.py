"""Offer the multilayer perceptron with one hidden layer."""

from __future__ import annotations

from typing import Any

from autotl import hookimpl
from autotl.builtin.heads.portable import PortableKind


class Mlp(PortableKind):
    """A multilayer perceptron on standardised features."""

    name = "mlp"
    summary = "standardise the features, one hidden layer, dropout"
    head = "MlpHead"


@hookimpl
def autotl_heads() -> list[Any]:
    return [Mlp()]
