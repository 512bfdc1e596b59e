"""Offer the vote of the nearest neighbours."""

from __future__ import annotations

from typing import Any

from autotl import hookimpl
from autotl.builtin.heads.portable import PortableKind


class Neighbours(PortableKind):
    """The k nearest neighbours among the training images."""

    name = "neighbours"
    summary = "vote of the most similar training images, by cosine similarity"
    head = "NeighboursHead"


@hookimpl
def autotl_heads() -> list[Any]:
    return [Neighbours()]
