"""Figures in files stand alone: they need no page and no CSS variables."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from autotl.report import drawings, figure_files, parse
from autotl.report.figures import STYLE

SVG = "{http://www.w3.org/2000/svg}"


def test_files_have_plain_colours_on_a_white_ground(sample: dict[str, Any]) -> None:
    files = figure_files(parse(sample))
    assert list(files) == list(drawings(parse(sample)))
    for text in files.values():
        root = ET.fromstring(text)
        style = root.find(f"{SVG}style")
        assert style is not None
        rules = style.text or ""
        assert "var(" not in rules
        assert "--" not in rules
        assert "@media" not in rules
        assert rules.count("{") == rules.count("}")
        assert ".atl .good{fill:#0062ad}" in rules
        ground = root.find(f"{SVG}rect")
        assert ground is not None
        assert ground.get("class") == "page"


def test_the_page_keeps_its_variables() -> None:
    assert "var(--ink)" in STYLE
