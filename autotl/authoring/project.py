"""Write the project of a new plugin: working, tested and installable."""

from __future__ import annotations

import ast
import keyword
import re
from importlib.resources import files
from pathlib import Path
from string import Template

from autotl.api import VERSION
from autotl.errors import PluginError, UnknownName

TEMPLATES = files("autotl") / "authoring" / "templates"
HOOKS = ("strategies", "similarities", "transferabilities", "readers", "reporters")
"""The hooks that a new project can implement."""


def new_project(name: str, folder: Path, *, hook: str = "strategies") -> list[Path]:
    """Write a project ``autotl-NAME`` with a module ``autotl_NAME``, tests and a README.

    Args:
        name: The name of the plugin, such as ``my_probe``.
        folder: The new folder.
        hook: A name of HOOKS.

    Returns:
        The files.

    Raises:
        PluginError: The name cannot be used in a module, or the folder is not empty.
        UnknownName: There is no such hook.
    """
    if hook not in HOOKS:
        raise UnknownName("hook", hook, HOOKS)
    plugin = name.lower().replace("-", "_").removeprefix("autotl_")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", plugin) or keyword.iskeyword(plugin):
        raise PluginError(
            "The name of a plugin must start with a letter, and have letters, digits and _ only "
            f"(got {name!r}). "
            "Choose another name."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PluginError(f"The folder must be empty or new (got {folder}). Give another one with --folder.")
    module, distribution = f"autotl_{plugin}", f"autotl-{plugin.replace('_', '-')}"
    fields = {
        "name": plugin,
        "module": module,
        "distribution": distribution,
        "hook": hook,
        "api": VERSION,
        "object": "".join(part.title() for part in plugin.split("_")),
    }
    written = {
        "pyproject.toml": "pyproject.toml.txt",
        "README.md": "README.md.txt",
        f"{module}.py": f"{hook}.py.txt",
        f"tests/test_{plugin}.py": f"test_{hook}.py.txt",
    }
    texts = {
        folder / target: Template((TEMPLATES / source).read_text(encoding="utf-8")).substitute(fields)
        for target, source in written.items()
    }
    if {plugin, fields["object"]} & _imported(texts[folder / f"{module}.py"]):
        raise PluginError(
            f"A plugin must not have the name of an import of its module (got {name!r}). Choose another name."
        )
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [*texts]


def _imported(source: str) -> set[str]:
    """Return the names that a module imports."""
    statements = [
        each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Import | ast.ImportFrom)
    ]
    return {(alias.asname or alias.name).partition(".")[0] for each in statements for alias in each.names}
