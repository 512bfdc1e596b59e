"""A comparison in a terminal, a notebook, a page and JSON."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

import autotl
from autotl import cli
from autotl.comparison.result import Comparison
from tests.support.html_page import Page
from tests.support.run_folders import logits, save_run

TRUTH = [0, 1, 2] * 20
OTHER = [*([1] * 12), *TRUTH[12:]]
HOSTILE = "<script>alert(1)</script>"


def tags(html: str) -> set[str]:
    return {name for name, _ in Page(html).tags}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("runs")
    items = [f"{HOSTILE.replace('/', '')}{number}" for number in range(len(TRUTH))]
    return [
        save_run(
            folder / "a-rather-long-name-of-a-run", TRUTH, logits(OTHER), items=items, arguments={"seed": 0}
        ),
        save_run(folder / "second", TRUTH, logits(TRUTH), items=items, arguments={"seed": 1}),
        save_run(folder / "third", TRUTH[:30], logits(TRUTH[:30]), digests=["other", *map(str, range(29))]),
    ]


@pytest.fixture(scope="module")
def found(runs: list[Path]) -> Comparison:
    return autotl.compare(*runs)


@pytest.mark.parametrize("width", [60, 100])
def test_the_text_fits_its_width_and_has_every_run(found: Comparison, width: int) -> None:
    text = found.text(width=width)
    assert max(map(len, text.splitlines())) <= width
    flat = " ".join(text.split())
    assert "second is 13.3 points better in accuracy than a-rather-long-name-of-a-run" in flat
    assert "third and a-rather-long-name-of-a-run cannot be compared by image" in flat
    for label in ("test accuracy", "verdict", "difference", "images better", "strategies"):
        assert re.search(rf"^\s*{label}", text, re.MULTILINE), label


def test_the_card_is_text_without_scripts(found: Comparison) -> None:
    html = found._repr_html_()
    assert tags(html) <= {"div", "table", "tr", "td", "th", "code", "small"}
    assert "no measurable" not in html
    assert "13.3 points" in html


def test_the_page_is_whole_escapes_names_and_fetches_nothing(found: Comparison, tmp_path: Path) -> None:
    page = found.save(tmp_path / "new" / "compare.html").read_text(encoding="utf-8")
    (script,) = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert [name for name, _ in Page(page).tags].count("script") == 1
    assert "&lt;script&gt;" in page  # the names of images
    assert not re.search(r"(?:src|href)=\"(?!#)", page)
    assert "<svg" in page
    assert "The runs side by side" in page
    assert "Options that differ" in page


def test_a_comparison_prints_as_text(found: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    assert str(found) == found.text(width=72)
    assert repr(found).startswith("<autotl.Comparison second is 13.3 points better")


def test_the_command_prints_text_or_json_and_writes_the_page(
    runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "compare.html"
    words = ["compare", *map(str, runs[:2])]
    assert cli.guarded(lambda: cli.app([*words, "--out", str(page)], standalone_mode=False)) == 0
    out = capsys.readouterr().out
    assert "second is 13.3 points better in accuracy" in out
    assert f"Page: {page}" in out
    assert page.is_file()
    assert cli.guarded(lambda: cli.app([*words, "--json"], standalone_mode=False)) == 0
    document = json.loads(capsys.readouterr().out)
    assert [each["run"] for each in document["runs"]] == [run.name for run in runs[:2]]
    assert len(document["disagreements"]) == 8
    assert document["runs"][1]["answer"] == "better"


def test_the_command_needs_two_runs(runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.guarded(lambda: cli.app(["compare", str(runs[0])], standalone_mode=False)) == 2
    assert "two runs or more (got 1)" in " ".join(capsys.readouterr().err.split())
