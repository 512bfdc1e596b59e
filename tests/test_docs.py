"""The documents agree with the code."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
import types
from pathlib import Path

import pytest

from autotl import hookspecs, testing
from autotl.api import OwnNetworks
from autotl.backbone import create
from autotl.testing import StrategyChecks, tiny_task
from docs.site.staging import pages

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "plugins" / "README.md"
MAP = ROOT / "docs" / "where-is-what.md"
PAGES = pages(ROOT)
HOOKS = [
    node
    for node in ast.parse(Path(hookspecs.__file__).read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef)
]
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return [text for found, text in FENCED.findall(page.read_text(encoding="utf-8")) if found == language]


def tutorial() -> str:
    """Return the strategy of the guide."""
    return next(block for block in blocks(GUIDE, "python") if "autotl_strategies" in block)


def module_of(code: str) -> types.ModuleType:
    """Run code as a module."""
    module = types.ModuleType("tutorial")
    sys.modules[module.__name__] = module
    exec(compile(code, str(GUIDE), "exec"), vars(module))
    return module


def test_the_networks_of_the_baseline_in_the_guide_can_be_made() -> None:
    code = next(block for block in blocks(GUIDE, "python") if "def networks" in block)
    baseline = module_of(code).Baseline()
    assert isinstance(baseline, OwnNetworks)
    task = tiny_task({"a": 50, "b": 50}, typical_size=32)
    sizes = [
        sum(each.numel() for each in create(weights, classes=2).parameters())
        for weights in baseline.networks(task)
    ]
    assert len(sizes) == 2
    assert sizes == sorted(sizes)  # the smallest first, as the contract says


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.name)
def test_every_hook_is_in_the_guide_with_its_exact_signature(hook: ast.FunctionDef) -> None:
    assert hook.returns is not None
    signature = f"`def {hook.name}({ast.unparse(hook.args)}) -> {ast.unparse(hook.returns)}`"
    assert signature in GUIDE.read_text(encoding="utf-8")


def test_the_guide_names_no_hook_that_is_not_there() -> None:
    named = set(re.findall(r"def (autotl_\w+)", GUIDE.read_text(encoding="utf-8")))
    assert named == {hook.name for hook in HOOKS}


def test_the_guide_names_every_class_of_checks() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert [name for name in testing.__all__ if name.endswith("Checks") and name not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [one or other for one, other in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8")))]
    broken = []
    for link in links:
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if re.match(r"https?:|mailto:", link):
            continue
        if not target.exists() or (anchor and anchor not in headings(target)):
            broken.append(link)
    assert broken == []


def test_contributing_describes_the_recipes_of_the_justfile() -> None:
    recipes = re.findall(r"^(\w+)[^:\n]*:$", (ROOT / "Justfile").read_text(encoding="utf-8"), re.MULTILINE)
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [name for name in recipes if name != "default" and f"`just {name}`" not in text] == []
    assert set(re.findall(r"`just (\w+)", text)) <= set(recipes)


def test_a_line_of_the_changelog_is_one_short_change_under_a_known_heading() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    changes = text[text.index("## [Unreleased]") :].splitlines()
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert {line[4:] for line in changes if line.startswith("### ")} <= kinds
    assert [line for line in changes if len(re.sub(r" \(\[docs\]\(\S+\)\)", "", line)) > 100] == []
    assert [line for line in changes if line.startswith(" ")] == []


def test_every_path_in_the_code_map_exists() -> None:
    named = re.findall(r"`((?:autotl|docs|tests|\.ci)/[\w./-]*|\w+\.toml)`", MAP.read_text(encoding="utf-8"))
    assert len(named) > 50
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_code_map_names_every_package() -> None:
    text = MAP.read_text(encoding="utf-8")
    packages = [each.parent.name for each in (ROOT / "autotl").glob("*/__init__.py")]
    assert [name for name in packages if f"`autotl/{name}/" not in text] == []


@pytest.mark.parametrize("code", blocks(GUIDE, "python"), ids=lambda code: code.splitlines()[0])
def test_every_block_of_python_compiles(code: str) -> None:
    compile(code, str(GUIDE), "exec")


def test_the_tutorial_is_the_plugin_it_links_to() -> None:
    folder = ROOT / "plugins" / "autotl-prototypes"
    assert tutorial() == (folder / "autotl_prototypes.py").read_text(encoding="utf-8")
    (declared,) = blocks(GUIDE, "toml")
    assert declared == (folder / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(declared)["project"]["entry-points"]["autotl"] == {"prototypes": "autotl_prototypes"}


class TestTutorial(StrategyChecks):
    strategy = module_of(tutorial()).prototypes


def headings(page: Path) -> set[str]:
    """Return the anchors of a page's headings."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    return {_anchor(line) for line in text.splitlines() if line.startswith("#")}


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lstrip("#").strip().lower()).replace(" ", "-")
