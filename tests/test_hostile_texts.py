"""Markup, control characters and mixed scripts in texts stay text, from the terminal to the report."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest

from autotl import cli
from autotl.report.render.markdown import CODE
from tests.support.texts import sentences, vectors_folder

pytestmark = pytest.mark.usefixtures("few_epochs")

SCRIPT = "<script>alert('own')</script> <img src=x onerror=alert(1)> a dog and a cat"
ODD = (
    SCRIPT,
    "so 😀👩‍👩‍👧 happy 😀 a horse today",
    "שלום עולם a bird טוב מאוד",
    "some \x1b[31mred\x1b]0;title\x07 sheep",
    "a \u202etac\u202c and a mouse",
    "[link](javascript:alert(1)) | a cat | **a dog** `code`",
)
CONTROLS = ("\x1b", "\x07", "\u202e", "\u202c")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on texts with odd ones among the copies, the conflicts and the leaks."""
    pytest.importorskip("tokenizers")
    folder = tmp_path_factory.mktemp("hostile")
    texts, labels = sentences(16)
    parts = ["test" if number % 4 == 0 else "train" for number in range(len(texts))]
    table = pd.DataFrame({"text": texts, "label": labels, "part": parts})
    odd = pd.DataFrame({"text": ODD, "label": "animals", "part": "train"})
    conflicts = odd.assign(label="food")
    leaks = odd.assign(part="test")
    pd.concat([table, odd, conflicts, leaks]).to_csv(folder / "texts.csv", index=False)
    vectors_folder(folder / "vectors")
    words = [
        "fit", folder / "texts.csv", "--text", "text", "--backbone", folder / "vectors", "--strategy",
        "linear_probe", "--trials", "1", "--out", folder / "run", "--device", "cpu", "--no-experience",
        "--quiet",
    ]  # fmt: skip
    assert cli.guarded(lambda: cli.app([str(word) for word in words], standalone_mode=False)) == 0
    return folder


def test_conflicting_labels_and_leaks_are_in_the_report(folder: Path) -> None:
    quality = json.loads((folder / "run" / "report.json").read_text(encoding="utf-8"))["quality"]
    assert quality["duplicates"]["conflicting"] == len(ODD)
    assert quality["leakage"]["images"] == len(ODD)
    markdown = (folder / "run" / "report.md").read_text(encoding="utf-8")
    assert "6 groups have different labels" in markdown
    assert "also in the training set" in markdown


def test_pages_have_no_markup_and_no_control_characters_of_texts(folder: Path) -> None:
    page = (folder / "run" / "report.html").read_text(encoding="utf-8")
    markdown = (folder / "run" / "report.md").read_text(encoding="utf-8")
    for text in (page, CODE.sub("", markdown)):  # code shows markup as it is
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "](javascript:" not in text or text is page  # only Markdown makes it a link
    assert not [sign for sign in CONTROLS if sign in page + markdown]
    assert "alert(" in page


def test_the_terminal_shows_such_texts_escaped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = folder / "new.csv"
    pd.DataFrame({"text": ODD}).to_csv(table, index=False)
    for words in (["report", folder / "run"], ["predict", folder / "run", table]):
        capsys.readouterr()
        assert cli.guarded(lambda w=words: cli.app([str(each) for each in w], standalone_mode=False)) == 0
        said = capsys.readouterr()
        assert not [sign for sign in CONTROLS if sign in said.out + said.err]
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert len(rows) == len(ODD)
    assert "😀" in rows[1]["path"]
    assert rows[2]["path"].endswith("שלום עולם a bird טוב מאוד")
    assert "\\x1b[31m" in rows[3]["path"]
    assert all(row["label"] and not row["error"] for row in rows)


def test_a_file_of_predictions_has_a_row_for_each_text(folder: Path) -> None:
    odd = [*ODD, "=HYPERLINK(1) a cat", "a dog\nin two lines", "  "]
    pd.DataFrame({"text": odd}).to_csv(folder / "odd.csv", index=False)
    words = ["predict", folder / "run", folder / "odd.csv", "--out", folder / "found.csv", "--quiet"]
    assert cli.guarded(lambda: cli.app([str(word) for word in words], standalone_mode=False)) == 0
    with (folder / "found.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [bool(row["error"]) for row in rows] == [False] * (len(odd) - 1) + [True]
    assert rows[7]["path"].endswith("a dog in two lines")
