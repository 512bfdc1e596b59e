"""Names of files and classes that a terminal, a table or a spreadsheet would take for something else."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cases.pictures import Cli, folders, png

NAMES = {
    "line-feed": "two\nlines",
    "carriage-return": "back\rover",
    "escape": "\x1b[31mred\x1b]0;title\x07",
    "other-direction": "\u202egnp",
    "formula": "=cmd|'C calc'!A0",
    "at-sign": "@SUM(1)",
    "comma-and-quotes": 'a,"b"',
    "semicolon": "a;b",
    "markup": "[bold]<img src=x onerror=alert(1)>",
    "spaces": "  a  b ",
    "percent": "100%",
    "emoji": "👍🏽",
    "not-utf-8": "caf\udce9",
    "minus": "-rf",
    "backslash": "a\\b",
}


def name_on_disk(folder: Path, name: str) -> Path:
    path = folder / f"{name}.png"
    path.write_bytes(png(0, len(name)))
    return path


@pytest.mark.parametrize("kind", NAMES)
def test_a_file_of_any_name_is_labelled_and_written(
    command: Cli, finished: Path, here: Path, kind: str
) -> None:
    (here / "new").mkdir()
    path = name_on_disk(here / "new", NAMES[kind])
    shown = str(Path("new") / path.name)

    code, out, _ = command("predict", finished, "new")
    assert code == 0
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(out.replace("\r\n", "\n"))
    code, _, _ = command("predict", finished, "new", "--out", "answers.csv")
    assert code == 0
    with Path("answers.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["path"].encode("utf-8", "backslashreplace") == shown.encode("utf-8", "backslashreplace")
    code, out, _ = command("predict", finished, "new", "--json")
    assert [each["path"] for each in json.loads(out)] == [shown]
    code, _, err = command("predict", finished, f"new/{NAMES[kind]}.gone", "--quiet")
    assert code == 2
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(err)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """Data whose classes have such names, a run on it, and all that the command line said of it."""
    root = tmp_path_factory.mktemp("hostile")
    kinds = ("line-feed", "carriage-return", "escape", "formula", "markup", "not-utf-8", "comma-and-quotes")
    data = folders(root / "photos", *(NAMES[kind] for kind in kinds), each=4)
    words = ["fit", data, "--out", root / "run", "--backbone", "tiny", "--trials", "1", "--image-size", "32"]
    words += ["--strategy", "linear_probe"]
    done = subprocess.run(
        [sys.executable, "-m", "autotl", *map(os.fspath, words)],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "AUTOTL_EXPERIENCE": "off"},
        check=False,
    )
    said = (done.stdout + done.stderr).decode("ascii")
    assert done.returncode == 0, said
    return data, root / "run", said


def test_nothing_that_a_terminal_obeys_is_shown(hostile: tuple[Path, Path, str], command: Cli) -> None:
    data, run, said = hostile
    texts = [said, command("report", run)[1], command("evaluate", run, data)[1]]
    texts.append(command("report", run, "--format", "json")[1])
    for text in texts:
        assert not {"\x1b", "\x07", "\r", "\u202e"} & set(text)


def test_classes_of_such_names_outlive_all_files_of_a_run(
    hostile: tuple[Path, Path, str], command: Cli
) -> None:
    data, run, _ = hostile
    known = set(json.loads((run / "model/config.json").read_text(encoding="utf-8"))["label_names"])
    assert NAMES["line-feed"] in known
    assert NAMES["escape"] in known
    code, out, _ = command("evaluate", run, data, "--json")
    assert code == 0
    assert {each["name"] for each in json.loads(out)["per_class"]} == known
    cells = (run / "split.csv").read_text(encoding="utf-8")
    labels = {row["label"] for row in csv.DictReader(io.StringIO(cells))}
    assert len(labels) == len(known)
    assert not any(label.startswith(("=", "@")) for label in labels)
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "<img src=x" not in page
