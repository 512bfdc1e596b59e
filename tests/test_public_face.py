"""What autotl shows to the world, and how its files are kept."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "autotl").rglob("*.py"))
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))
PACKAGES = [file for file in SOURCES if file.name == "__init__.py"]
HEAVY = ("torch", "torchvision", "timm", "optuna", "pandas", "sklearn", "matplotlib", "datasets")
TEXTS = {".py", ".md", ".toml", ".yml", ".yaml", ".html", ".json", ".css"}


def dotted(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def named(file: Path) -> set[str]:
    """The public names that a package defines or takes from autotl."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autotl"):
            if node.module == "autotl.importing.lazy":  # how a package offers names is none of them
                continue
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_") and name != "module"}


def order(name: str) -> tuple[int, str]:
    """As ruff sorts ``__all__``: CONSTANTS, then Classes, then the rest."""
    if name.isupper() and len(name) > 1:
        return 0, name
    return (1 if name[0].isupper() else 2), name


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("file", PACKAGES, ids=dotted)
def test_all_is_what_can_be_imported_in_order(file: Path) -> None:
    package = importlib.import_module(dotted(file))
    shown = list(getattr(package, "__all__", []))
    assert shown == sorted(shown, key=order)
    assert {name for name in shown if name != "__version__"} == named(file)
    assert [name for name in shown if not hasattr(package, name)] == []


@pytest.mark.parametrize(
    "start",
    ["import autotl", "from autotl.cli import app; app(['--help'], standalone_mode=False)"],
    ids=["import", "help"],
)
def test_starting_is_light(start: str) -> None:
    code = f"{start}; import sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    autotl = importlib.import_module("autotl")
    with pytest.raises(AttributeError, match="has no attribute 'fti'"):
        autotl.fti  # noqa: B018


def test_every_module_says_in_its_first_line_why_it_exists() -> None:
    silent = []
    for file in SOURCES + [each for each in PLUGINS if "tests" not in each.parts]:
        doc = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        first = doc.partition("\n")[0]
        if file.name != "__init__.py" and not first.endswith((".", "…")):
            silent.append(f"{file.relative_to(ROOT)}: {first}")
    assert silent == []


def test_no_module_is_longer_than_300_lines() -> None:
    everything = [*SOURCES, *PLUGINS, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    long = {str(file.relative_to(ROOT)): len(lines(file)) for file in everything}
    assert {name: count for name, count in long.items() if count > 300} == {}


def test_nothing_but_tests_and_benchmarks_looks_outside_the_repository() -> None:
    outside = re.compile(r"\.\./shared|/shared/|[\"']shared[\"']")
    places = [ROOT / name for name in ("autotl", "plugins", "docs")]
    files = [file for place in places for file in place.rglob("*") if file.is_file() and file.suffix in TEXTS]
    files += [file for file in ROOT.iterdir() if file.is_file() and file.suffix in TEXTS]
    files = [file for file in files if "egg-info" not in str(file.parent)]
    assert [
        str(file.relative_to(ROOT)) for file in files if outside.search(file.read_text(encoding="utf-8"))
    ] == []
