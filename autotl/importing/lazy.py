"""Import the names a package offers when they are first used, not when the package is imported."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


class LazyPackage(ModuleType):
    """A package that imports the module of a name when the name is first used (PEP 562, as a class)."""

    lazy_names: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        module = self.lazy_names.get(name)
        if module is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{self.__name__}.{module}"), name)
        setattr(self, name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # The import system sets each imported module as an attribute of its package. A function may have the
        # name of its module, or of another: the package offers the function, whichever was imported first.
        if isinstance(value, ModuleType) and name in self.lazy_names:
            if self.lazy_names[name] != name:
                return
            value = getattr(value, name)
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        # completion shows these: what a package offers, not what it imports for itself
        own = (name for name in super().__dir__() if name.startswith("__"))
        return sorted({*own, *vars(self).get("__all__", self.lazy_names)})


def lazy_package(package: str) -> None:
    """Let ``package`` import the names it offers on first use.

    Called by the ``__init__`` of the package, which lists ``from package.module import name`` under
    ``TYPE_CHECKING``: one list serves type checkers, readers and the import.

    >>> lazy_package("autotl.quality")
    """
    module = sys.modules[package]
    spec = module.__spec__
    read = getattr(spec.loader, "get_source", None) if spec else None
    source = read(package) if read else None
    if source is None:
        raise ImportError(f"{package} must be installed with its source: its names are read from there.")
    module.__dict__["lazy_names"] = {
        name.name: str(line.module).removeprefix(f"{package}.")
        for block in ast.parse(source).body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for line in block.body
        if isinstance(line, ast.ImportFrom)
        for name in line.names
    }
    module.__class__ = LazyPackage


class LazyModule(ModuleType):
    """Stands for a heavy module in one of ours, and imports it when something of it is first used.

    Nothing is registered under the module's name: others import it as ever.
    """

    def __init__(self, name: str, load: Callable[[str], ModuleType]) -> None:
        super().__init__(name)
        self.__dict__["load"] = load

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["load"](self.__name__), name)


def lazy_module(name: str, load: Callable[[str], ModuleType] = import_module) -> Any:
    """Give a stand-in for a heavy module, for a module of ours whose import must stay light.

    It serves in the bodies of functions. A base class or a decorator would import the module at once.

    >>> torch = lazy_module("torch")
    """
    return LazyModule(name, load)
