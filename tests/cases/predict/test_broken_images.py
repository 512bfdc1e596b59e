"""Broken images cost their rows; if nothing can be read, it is an error."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from tests.cases.pictures import Cli, png


@pytest.fixture
def new(here: Path) -> Path:
    """Three images, three broken ones and two that lead nowhere."""
    folder = here / "new"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.png").write_bytes(png(0, number))
        (folder / f"broken {number}.png").write_bytes(png(0, number)[: 50 * number])
    (folder / "link.png").symlink_to("gone.png")
    (folder / "loop.png").symlink_to("loop.png")
    return folder


def test_each_broken_image_has_a_row(command: Cli, finished: Path, new: Path) -> None:
    code, out, err = command("predict", finished, "new", "--top", "2")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert sum(bool(row["label"]) for row in rows) == 6
    assert {row["path"] for row in rows if row["error"]} == {
        *(f"new/broken {number}.png" for number in range(3)),
        *(("new/link.png", "new/loop.png") if (new / "link.png").is_symlink() else ()),
    }
    assert "3 images labelled" in err


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["bad"], "No image can be read: bad/0.png (not an image of a known format)"),
        (["empty"], "empty holds no images"),
        (["new/broken 0.png"], "No image can be read"),
        (["gone.png", "gone too.png"], "no such file"),
        (["words.txt"], "not an image of a known format"),
        (["words.csv"], "A single column must be the image"),
        (["broken.zip"], "cannot be opened as a .zip file"),
        (["."], "new/0.png: cannot"),
    ],
    ids=["all-broken", "empty-folder", "broken-file", "missing", "text", "table", "zip", "strict"],
)
def test_nothing_that_can_be_read_is_an_error(
    command: Cli, finished: Path, new: Path, given: list[str], why: str
) -> None:
    Path("bad").mkdir()
    Path("bad/0.png").write_bytes(b"x")
    Path("empty").mkdir()
    Path("words.txt").write_text("new/0.png\n")
    Path("words.csv").write_text("a,b\nx,y\n")
    Path("broken.zip").write_bytes(b"PK\x03\x04")
    strict = ["--strict"] if given == ["."] else []
    code, out, err = command("predict", finished, *given, *strict, "--out", "answers.csv")
    assert (code, out) == (2, "")
    assert "cannot be read" in err if strict else why in err
    assert not Path("answers.csv").exists()


def test_a_run_folder_has_only_its_own_figures_to_predict_on(command: Cli, run: Path) -> None:
    code, _, err = command("predict", run, run)
    assert code in (0, 2)
    if code == 2:
        assert "holds no images" in err or "No image can be read" in err


def test_json_names_broken_images_too(command: Cli, finished: Path, new: Path) -> None:
    code, out, _ = command("predict", finished, "new", "--json")
    rows = json.loads(out)
    assert code == 0
    assert sum(row["label"] is None for row in rows) == sum(bool(row["error"]) for row in rows) >= 3


def test_a_run_without_its_model_is_told(command: Cli, run: Path, new: Path) -> None:
    shutil.rmtree(run / "model")
    code, _, err = command("predict", run, "new")
    assert code == 2
    assert "holds no model" in err
