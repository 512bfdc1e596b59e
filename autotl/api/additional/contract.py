"""The roles and the facts of images besides the labelled ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

UNLABELLED, SOURCE, DEPLOY = "unlabelled", "source", "deploy"
ROLES: Mapping[str, str] = {
    UNLABELLED: "unlabelled images",
    SOURCE: "source images",
    DEPLOY: "images of the place of use",
}
"""The roles of additional images, each with its words; a later version may add roles."""


@dataclass(frozen=True, slots=True)
class AdditionalImages:
    """The facts of one set of additional images.

    ``images`` is the number that may be learned from. ``classes`` are the names of their classes; empty if
    they have no labels.
    """

    images: int
    classes: tuple[str, ...] = ()


def adapts(strategy: object) -> bool:
    """Return whether a strategy adapts to the place of use."""
    return DEPLOY in roles_of(strategy)


def roles_of(strategy: object) -> tuple[str, ...]:
    """Return the roles of the additional images that a strategy learns from."""
    return tuple(getattr(strategy, "additional", ()))
