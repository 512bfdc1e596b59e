"""Find who imports whom, and the cycles among them.

Imports under ``TYPE_CHECKING`` and inside functions count. A name that a package offers is followed to the
module that defines it, because packages import their modules lazily.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter

from tests.structure.modules import PACKAGE, Module

Graph = Mapping[str, frozenset[str]]


def module_graph(modules: Mapping[str, Module]) -> Graph:
    """Return the modules that each module imports; packages only offer names and import nothing."""
    offers = {name: _offers(each) for name, each in modules.items() if each.is_package}
    return {
        name: frozenset() if each.is_package else frozenset(_imports(each, modules, offers)) - {name}
        for name, each in modules.items()
    }


def package_graph(modules: Mapping[str, Module], graph: Graph) -> Graph:
    """Return the packages and top-level modules of autotl that each of them imports."""
    found: dict[str, set[str]] = {each.top: set() for each in modules.values() if each.name != PACKAGE}
    for name, imported in graph.items():
        if name != PACKAGE:
            tops = {modules[each].top for each in imported if each != PACKAGE}
            found[modules[name].top] |= tops - {modules[name].top}
    return {name: frozenset(each) for name, each in found.items()}


def cycles(graph: Graph) -> list[list[str]]:
    """Return the groups of nodes that import each other, directly or through others."""
    reached = {name: _reachable(graph, name) for name in graph}
    groups = {
        frozenset(other for other in reached[name] if name in reached[other])
        for name in graph
        if name in reached[name]
    }
    return sorted(sorted(group) for group in groups)


def levels(graph: Graph) -> list[list[str]]:
    """Return the nodes from the lowest level up: a level imports only from the levels below it."""
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    found = []
    while ready := sorter.get_ready():
        found.append(sorted(ready))
        sorter.done(*ready)
    return found


def _offers(package: Module) -> dict[str, str]:
    return {
        alias.asname or alias.name: str(node.module)
        for node in ast.walk(package.tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _imports(
    module: Module, modules: Mapping[str, Module], offers: Mapping[str, Mapping[str, str]]
) -> Iterable[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module in modules:
            for alias in node.names:
                yield _defining(node.module, alias.name, modules, offers)


def _defining(
    module: str, name: str, modules: Mapping[str, Module], offers: Mapping[str, Mapping[str, str]]
) -> str:
    """Return the module that defines a name which is imported from ``module``."""
    seen: set[str] = set()
    while module not in seen and offers.get(module, {}).get(name) in modules:
        seen.add(module)  # a package can import its own modules by name
        module = offers[module][name]
    return f"{module}.{name}" if f"{module}.{name}" in modules else module


def _reachable(graph: Graph, start: str) -> set[str]:
    found: set[str] = set()
    stack = list(graph[start])
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack += graph.get(name, ())
    return found
