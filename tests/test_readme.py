"""The README has the agreed commands and the text of its recording; ``tests/documents`` runs its code."""

from __future__ import annotations

import html
import re
from pathlib import Path

from tests.documents.blocks import blocks

ROOT = Path(__file__).resolve().parents[1]
BLOCKS = [*blocks(ROOT / "README.md")]


def code(language: str) -> list[str]:
    return [block.code for block in BLOCKS if block.language == language]


def test_every_language_of_a_block_has_its_test() -> None:
    assert {block.language for block in BLOCKS} == {"bash", "python", "text"}


def test_the_two_commands_are_the_agreed_ones() -> None:
    commands = [block.strip() for block in code("bash")]
    assert "python -m pip install . && autotl demo" in commands
    tests = "python -m pip install '.[test]' && python -m pytest"
    assert tests in commands
    assert tests.replace(" && ", "\n") + "\n" in (ROOT / ".ci/run").read_text()


def test_only_the_two_commands_are_not_run() -> None:
    left_out = [block.code.strip() for block in BLOCKS if block.why]
    assert left_out == [
        "python -m pip install . && autotl demo",
        "python -m pip install '.[test]' && python -m pytest",
    ]


def test_the_block_of_text_is_the_end_of_the_recording() -> None:
    (block,) = code("text")
    recording = (ROOT / "docs/pictures/demo.svg").read_text(encoding="utf-8")
    lines = [html.unescape(re.sub(r"<[^>]+>", "", line)) for line in recording.splitlines()]
    shown = re.sub(r"\s+", "", "".join(lines).replace("\xa0", ""))
    assert all(re.sub(r"\s+", "", line) in shown for line in block.splitlines())
    assert "95% interval" in block


def test_the_pictures_fetch_nothing() -> None:
    for picture in (ROOT / "docs/pictures").glob("*.svg"):
        text = picture.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"https?:|@import|url\((?!#)", text)
