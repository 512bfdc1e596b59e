"""The page of strategies lists the built-in ones."""

from __future__ import annotations

import re
from pathlib import Path

from autotl import plugins

PAGE = Path(__file__).parents[2] / "docs" / "strategies.md"
OF_PLUGINS = ("Plugins", "Adaptation to the place of use")
"""The sections on strategies of plugins."""


def test_the_page_has_each_built_in_strategy_and_says_if_it_is_a_default() -> None:
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    own = "".join(text for text in sections if not text.startswith(OF_PLUGINS))
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", own, re.MULTILINE)
    listed = {name: "by name" in {cell.strip() for cell in cells.split("|")} for name, cells in rows}
    registry = plugins.load().strategies
    built_in = {
        name: bool(getattr(each, "on_request", False))
        for name, each in registry.items.items()
        if type(each).__module__.startswith("autotl.builtin")
    }
    assert listed == built_in
