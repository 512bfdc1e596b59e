"""Import names of a package or whole modules on first use."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


class LazyPackage(ModuleType):
    """A package that imports names on first use (PEP 562).

    Attributes:
        lazy_names: The module of each name.
    """

    lazy_names: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        module = self.lazy_names.get(name)
        if module is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(import_module(module), name)
        setattr(self, name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # The import system sets each imported module as an attribute of its package. If a public name equals
        # the name of a module, the attribute must be the public object, whichever was imported first.
        if isinstance(value, ModuleType) and name in self.lazy_names:
            if self.lazy_names[name] != f"{self.__name__}.{name}":
                return  # the object comes from another module, which __getattr__ imports on first use
            value = getattr(value, name)
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        # completion in an editor must not list the imports of the package itself
        dunders = (name for name in super().__dir__() if name.startswith("__"))
        return sorted({*dunders, *vars(self).get("__all__", self.lazy_names)})


def lazy_package(package: str) -> None:
    """Make a package import its public names on first use.

    The ``__init__`` of the package calls this function. It lists ``from package.module import name`` under
    ``TYPE_CHECKING``, so that type checkers and the lazy import read the same list.

    >>> lazy_package("autotl.quality")

    Raises:
        ImportError: If the source of the package is not installed.
    """
    module = sys.modules[package]
    spec = module.__spec__
    get_source = getattr(spec.loader, "get_source", None) if spec else None
    source = get_source(package) if get_source else None
    if source is None:
        raise ImportError(f"{package} must be installed with its source code. Its names are read from there.")
    module.__dict__["lazy_names"] = {
        name.name: str(line.module)
        for block in ast.parse(source).body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for line in block.body
        if isinstance(line, ast.ImportFrom)
        for name in line.names
    }
    module.__class__ = LazyPackage


class LazyModule(ModuleType):
    """A stand-in that imports a heavy module on first access.

    ``sys.modules`` is not changed, so other packages import the real module.
    """

    def __init__(self, name: str, load: Callable[[str], ModuleType]) -> None:
        super().__init__(name)
        self.__dict__["load"] = load

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["load"](self.__name__), name)


def lazy_module(name: str, load: Callable[[str], ModuleType] = import_module) -> Any:
    """Return a stand-in for a heavy module.

    Use it only inside functions. A base class or a decorator imports the module immediately.

    >>> torch = lazy_module("torch")

    Args:
        name: Name of the module.
        load: Imports the module by its name.
    """
    return LazyModule(name, load)
