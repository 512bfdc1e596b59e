"""Measure the structure of the package, and read the bounds it must keep."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.structure.functions import functions
from tests.structure.imports import cycles, module_graph, package_graph
from tests.structure.modules import ROOT, Module, modules

BOUNDS = Path(__file__).with_name("bounds.toml")


@dataclass(frozen=True, slots=True)
class Bound:
    """What a measure may be.

    Attributes:
        target: The value that new code must keep.
        worst: The largest value that any place may have.
        over: The number of places that may exceed the target.
    """

    target: int
    worst: int
    over: int


@dataclass(frozen=True, slots=True)
class Measure:
    """A number for each place, largest first: lines of a file, files of a folder, and so on."""

    name: str
    values: tuple[tuple[int, str], ...]

    @property
    def worst(self) -> int:
        """The largest value."""
        return self.values[0][0] if self.values else 0

    def over(self, target: int) -> list[tuple[int, str]]:
        """Return value and place of everything above the target."""
        return [each for each in self.values if each[0] > target]


def measured(root: Path = ROOT) -> list[Measure]:
    """Return all measures of the package below ``root``."""
    found = modules(root)
    graph = module_graph(found)
    groups = {"module_cycles": cycles(graph), "package_cycles": cycles(package_graph(found, graph))}
    return [
        _measure("module_lines", {str(each.path): each.lines for each in found.values()}),
        _measure("folder_files", _folder_files(found)),
        *_function_measures(found),
        *(_measure(name, {" ↔ ".join(each): len(each) for each in group}) for name, group in groups.items()),
    ]


def bounds() -> tuple[dict[str, Bound], tuple[str, ...]]:
    """Return the bound of each measure, and the modules whose functions may have any number of parameters."""
    read = tomllib.loads(BOUNDS.read_text(encoding="utf-8"))
    exempt = tuple(read.pop("exempt")["parameters"])
    return {name: Bound(**values) for name, values in read.items()}, exempt


def _measure(name: str, values: Mapping[str, int]) -> Measure:
    return Measure(name, tuple(sorted(((value, place) for place, value in values.items()), reverse=True)))


def _folder_files(found: Mapping[str, Module]) -> Counter[str]:
    return Counter(str(each.path.parent) for each in found.values())


def _function_measures(found: Mapping[str, Module]) -> list[Measure]:
    exempt = bounds()[1]
    every = [each for module in found.values() for each in functions(module)]
    wide = {each for each in every if f"{each.module}.".startswith(tuple(f"{name}." for name in exempt))}
    narrow = [each for each in every if each not in wide]
    lines = {each: each.body_lines if each in wide else each.lines for each in every}
    return [
        _measure("parameters", {f"{each.place} {each.name}": each.parameters for each in narrow}),
        _measure("function_lines", {f"{each.place} {each.name}": count for each, count in lines.items()}),
        _measure("complexity", {f"{each.place} {each.name}": each.complexity for each in every}),
    ]
