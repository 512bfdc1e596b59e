"""Read the modules of the package."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "autotl"


@dataclass(frozen=True, slots=True)
class Module:
    """A source file of the package."""

    name: str
    path: Path
    lines: int
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        """Whether the file is an ``__init__.py``."""
        return self.path.name == "__init__.py"

    @property
    def top(self) -> str:
        """The package or top-level module below autotl, such as ``autotl.search``."""
        return ".".join(self.name.split(".")[:2])


def modules(root: Path = ROOT) -> dict[str, Module]:
    """Return the modules below ``root``/autotl by their dotted names."""
    found = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = path.read_text(encoding="utf-8")
        found[name] = Module(name, path.relative_to(root), len(text.splitlines()), ast.parse(text))
    return found
