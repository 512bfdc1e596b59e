"""Find the lines that ask for a modality, which belong into its contract."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from tests.structure.modules import Module

OWN = ("autotl.modalities", "autotl.backbone", "autotl.builtin.modalities", "autotl.builtin.readers",
       "autotl.builtin.sources")  # fmt: skip
"""Packages that know a modality: those of its networks, readers and sources."""
NAMES = frozenset({"image", "text"})
TYPES = frozenset({"DataConfig", "TextConfig", "TextNetwork", "TokenView", "View", "Images", "Texts"})


def asking(modules: Mapping[str, Module]) -> list[str]:
    """Return the places outside of the packages of modalities that ask for one, as ``file:line``.

    They compare a modality with a name, test for the class of its configuration, network or view, or choose
    from a dictionary by its name.
    """
    return [
        f"{module.path}:{node.lineno}"
        for name, module in sorted(modules.items())
        if not f"{name}.".startswith(tuple(f"{each}." for each in OWN))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.expr) and _asks(node)
    ]


def _asks(node: ast.expr) -> bool:
    if isinstance(node, ast.Compare):
        sides = (node.left, *node.comparators)
        return any(map(_is_modality, sides)) and any(map(_is_fixed, sides))
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
        return not TYPES.isdisjoint(_names(node.args[1]))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        return any(map(_is_modality, node.args))
    if isinstance(node, ast.Subscript):
        return _is_modality(node.slice)
    keys = node.keys if isinstance(node, ast.Dict) else []
    return {each.value for each in keys if isinstance(each, ast.Constant)} >= NAMES


def _is_modality(node: ast.expr) -> bool:
    """Return whether an expression is the name of a modality, or some of them."""
    named = ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
    return named.islower() and named.endswith(("modality", "modalities"))


def _is_fixed(node: ast.expr) -> bool:
    """Return whether an expression has a name written in the code, directly or as a constant."""
    constants = {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)}
    return not NAMES.isdisjoint(constants) or any(each.lstrip("_").isupper() for each in _names(node))


def _names(node: ast.AST) -> Iterable[str]:
    return [ast.unparse(each) for each in ast.walk(node) if isinstance(each, ast.Name | ast.Attribute)]
