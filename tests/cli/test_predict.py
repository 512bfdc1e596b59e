"""Prediction from the command line: what is written where, and what a broken file costs."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autotl import cli
from autotl.testing import tiny_images
from tests.support.command_line import Run


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "photos"
    for number, (image, name) in enumerate(zip(*tiny_images(each=12), strict=True)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def done(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    words = ["fit", str(photos), "--out", str(folder), "--backbone", "tiny", "--trials", "1", "--quiet"]
    words += ["--strategy", "linear_probe", "--image-size", "32"]
    assert cli.guarded(lambda: cli.app(words, standalone_mode=False)) == 0
    return folder


@pytest.fixture
def new(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four images of which one is cut short, and one with a hostile name."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "new"
    folder.mkdir()
    for number, path in enumerate(sorted((photos / "bars").iterdir())[:4]):
        (folder / f"{number}.png").write_bytes(path.read_bytes())
    (folder / "1.png").write_bytes((folder / "1.png").read_bytes()[:60])
    (folder / "3.png").rename(folder / "\x1b[31m3.png")
    return folder


def test_a_broken_file_costs_its_row(run: Run, done: Path, new: Path) -> None:
    code, out, err = run("predict", done, "new", "--probabilities")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert list(rows[0]) == ["path", "label", "probability", "p:bars", "p:rings", "p:spots", "error"]
    assert {row["path"]: bool(row["label"]) for row in rows} == {
        r"new/\x1b[31m3.png": True,
        "new/0.png": True,
        "new/1.png": False,
        "new/2.png": True,
    }
    assert all(bool(row["error"]) != bool(row["label"]) for row in rows)
    assert all(len(row["probability"]) <= 8 for row in rows)
    assert "3 images labelled" in err
    assert "1 could not be read" in err
    assert "new/1.png" in err


def test_with_strict_it_ends_the_work(run: Run, done: Path, new: Path) -> None:
    code, out, err = run("predict", done, "new", "--strict")
    assert (code, out) == (2, "")
    assert "new/1.png cannot be read" in err.replace("\n", " ")


def test_json_has_null_for_what_is_not_known(run: Run, done: Path, new: Path) -> None:
    code, out, _ = run("predict", done, "new", "--json")
    rows = {row["path"]: row for row in json.loads(out)}
    assert code == 0
    assert rows["new/1.png"]["label"] is None
    assert rows["new/1.png"]["probability"] is None
    assert "new/\x1b[31m3.png" in rows


def test_the_table_goes_through_a_link_and_not_into_a_folder(run: Run, done: Path, new: Path) -> None:
    Path("table.csv").touch()
    Path("link.csv").symlink_to("table.csv")
    assert run("predict", done, "new", "--out", "link.csv")[0] == 0
    assert Path("link.csv").is_symlink()
    assert len(Path("table.csv").read_text().splitlines()) == 5
    code, _, err = run("predict", done, "new", "--out", "new")
    assert code == 2
    assert "new is a folder" in err


def test_nothing_to_read_is_a_mistake(run: Run, done: Path, new: Path) -> None:
    for given, told in (("gone.png", "no such file"), ("new/1.png", "No image can be read")):
        code, _, err = run("predict", done, given, "--out", "table.csv")
        assert code == 2
        assert told in err.replace("\n", " ")
        assert not Path("table.csv").exists()


def test_a_closed_or_full_output_is_no_traceback(done: Path, new: Path) -> None:
    autotl = f"{sys.executable} -m autotl backbones"
    closed = subprocess.run(["sh", "-c", f"{autotl} >&-"], capture_output=True, text=True)
    assert (closed.returncode, closed.stderr) == (0, "")
    gone = subprocess.run(["sh", "-c", f"{autotl} | true"], capture_output=True, text=True)
    assert gone.stderr == ""
    if Path("/dev/full").exists():
        full = subprocess.run(["sh", "-c", f"{autotl} >/dev/full"], capture_output=True, text=True)
        assert full.returncode == 2
        assert full.stderr.startswith("Standard output: ")


def test_a_new_pixel_scale_is_a_note_of_the_command(done: Path, tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    for number in range(3):
        values = np.linspace(number * 100, 4095, 48 * 48).astype(np.uint16).reshape(48, 48)
        Image.fromarray(values).save(folder / f"{number}.png")
    words = [
        sys.executable,
        "-m",
        "autotl",
        "predict",
        str(done),
        str(folder),
        "--out",
        str(tmp_path / "p.csv"),
    ]
    ended = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "COLUMNS": "200"})
    assert ended.returncode == 0, ended.stderr
    assert "The model learned from images of 8 bits." in ended.stderr
    assert "Warning" not in ended.stderr
