"""Find the roles of additional images that were given, and their strategies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autotl.api import DEPLOY, ROLES, Strategy, adapts, roles_of
from autotl.config.options import DataOptions


def given_roles(data: DataOptions) -> tuple[str, ...]:
    """Return the roles in which the user gave images."""
    return tuple(role for role in ROLES if getattr(data, role) is not None)


def learnable(strategies: Mapping[str, Strategy], given: Iterable[str]) -> dict[str, Strategy]:
    """Return the strategies that lack no additional images."""
    known = {*given}
    return {name: each for name, each in strategies.items() if known.issuperset(roles_of(each))}


def users_of(role: str, strategies: Mapping[str, Strategy]) -> frozenset[str]:
    """Return the names of strategies that learn from a role's images."""
    return frozenset(name for name, each in strategies.items() if role in roles_of(each))


def users_by_role(roles: Iterable[str], strategies: Mapping[str, Strategy]) -> dict[str, frozenset[str]]:
    """Return the names of strategies that learn from each role's images.

    Images of the place of use are left out: the report does not compare with and without them.
    """
    return {role: users_of(role, strategies) for role in roles if role != DEPLOY}


def searched(strategies: Mapping[str, Strategy]) -> dict[str, Strategy]:
    """Return the strategies that the search may choose from.

    Adaptations are not among them: their validation images are not from the place of use.
    """
    return {name: each for name, each in strategies.items() if not adapts(each)}


def adaptations(strategies: Mapping[str, Strategy]) -> dict[str, Strategy]:
    """Return the strategies that adapt to the place of use."""
    return {name: each for name, each in strategies.items() if adapts(each)}


def counterparts_of(strategies: Mapping[str, Strategy]) -> dict[str, str]:
    """Return the strategies that do the same without additional images, by name."""
    named = ((name, getattr(each, "counterpart", "")) for name, each in strategies.items())
    return {name: str(other) for name, other in named if other}
