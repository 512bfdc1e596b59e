"""Offer the linear classifier on columns of several layers."""

from __future__ import annotations

from typing import Any

from autotl import hookimpl
from autotl.builtin.heads.portable import PortableKind


class MultiLayer(PortableKind):
    """A linear classifier on chosen columns of stage features."""

    name = "multi_layer"
    summary = "a linear layer on chosen columns of several stages"
    head = "MultiLayerHead"


@hookimpl
def autotl_heads() -> list[Any]:
    return [MultiLayer()]
