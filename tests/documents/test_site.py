"""The pages of the site: their navigation, their lists, and their Markdown."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from docs.site.__main__ import loaded_from_elsewhere
from docs.site.lists import built_in, measure_list, strategy_list
from docs.site.markdown import for_site, of_docstring
from docs.site.notebooks import notebook_page
from docs.site.settings import setting_rows
from docs.site.staging import linked_files, page_for_site
from tests.documents.blocks import ROOT

NAVIGATION = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)


def test_the_navigation_names_pages_that_exist_once() -> None:
    sources = [ROOT / page for page in NAVIGATION]
    assert [each for each in sources if not (each.is_file() or each.with_suffix(".ipynb").is_file())] == []
    assert len(NAVIGATION) == len(set(NAVIGATION))


def test_the_navigation_leads_to_every_page_and_notebook_of_docs() -> None:
    pages = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.ipynb")]
    found = {str(page.relative_to(ROOT).with_suffix(".md")) for page in pages}
    assert sorted(found - set(NAVIGATION)) == [], "Add a line to nav in mkdocs.yml"


def test_the_list_of_strategies_has_every_built_in_one_with_its_paper_and_settings() -> None:
    text = page_for_site("<!-- list of strategies -->\n")
    for name, strategy in built_in().strategies.items.items():
        section = text.partition(f"### `{name}`\n")[2].partition("\n#")[0]
        assert strategy.reference.rstrip(".") in section
        assert all(f"| `{setting}` |" in section for setting, _, _ in setting_rows(strategy))


def test_a_paragraph_may_be_for_the_repository_only() -> None:
    assert page_for_site("# A\n\n<!-- only in the repository -->\nb\nc\n\nd\n") == "# A\n\nd\n"


def test_the_list_of_measures_has_every_built_in_one_with_its_paper() -> None:
    text, catalog = measure_list(), built_in()
    measures = {**catalog.similarities.items, **catalog.transferabilities.items}
    assert sorted(re.findall(r"^### `(\w+)`$", text, re.MULTILINE)) == sorted(measures)
    assert [name for name, each in measures.items() if each.reference.rstrip(".") not in text] == []


def test_lists_hold_no_markup_of_docstrings() -> None:
    text = strategy_list() + measure_list()
    assert re.findall(r":\w+:`|``\w|>>>", text) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("- one\n  - two\n    more\n- three\n", "- one\n    - two\n        more\n- three\n"),
        ("1. one\n\n   ```text\n   a\n     b\n   ```\n", "1. one\n\n    ```text\n    a\n      b\n    ```\n"),
        ("```text\n- no list\n  - at all\n```\n", "```text\n- no list\n  - at all\n```\n"),
        ("- one\n\nText\n\n    code\n", "- one\n\nText\n\n    code\n"),
        ("Text\n* * *\n**bold** 2. no\n", "Text\n* * *\n**bold** 2. no\n"),
    ],
)  # fmt: skip
def test_lists_are_indented_by_four_spaces(given: str, expected: str) -> None:
    assert for_site(given) == expected


def test_a_docstring_becomes_markdown() -> None:
    table = "====  ===\na     b\n====  ===\n1     ``2``\n====  ==="
    text = f"Return ``x``, see :func:`~autotl.fit`.\n\n>>> fit()\n1\n\n{table}"
    found = of_docstring(text)
    assert found.startswith("Return `x`, see `autotl.fit`.")
    assert "```python\n>>> fit()\n1\n```" in found
    assert found.endswith("| a | b |\n|---|---|\n| 1 | `2` |")


def test_files_that_a_page_links_to_are_part_of_the_site(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    (tmp_path / "b.md").touch()
    text = '[a](a.csv#row) [b](b.md) [c](missing.csv) [d](https://a.csv) <img src="a.csv">'
    assert [*linked_files(tmp_path / "page.md", text, tmp_path)] == 2 * [tmp_path / "a.csv"]


def test_a_notebook_becomes_a_page(tmp_path: Path) -> None:
    drawn = {"data": {"image/png": "aGVsbG8=", "text/plain": "<Figure>"}}
    code = {"cell_type": "code", "source": ["1 +\\\n", "1"], "outputs": [{"text": ["2\n"]}, drawn]}
    cells = [{"cell_type": "markdown", "source": ["# Title\n", "\n", "Text"]}, code]
    notebook = tmp_path / "first.ipynb"
    notebook.write_text(json.dumps({"cells": cells}))
    page = notebook_page(notebook, tmp_path / "site")
    assert page.startswith("# Title\n\nText\n\n```python\n1 +\\\n1\n```\n\n```text\n2\n```\n\n![")
    assert (tmp_path / "site/first-1-1.png").read_bytes() == b"hello"


def test_files_of_other_hosts_are_found(tmp_path: Path) -> None:
    (tmp_path / "good.html").write_text('<a href="https://a.b">x</a><script src="../a.js"></script>')
    (tmp_path / "bad.html").write_text(
        '<script async src="https://cdn.x/a.js"></script><link href="https://f.x/f.css" rel="stylesheet">'
    )
    found = [address for _, address in loaded_from_elsewhere(tmp_path)]
    assert found == ["https://cdn.x/a.js", "https://f.x/f.css"]
