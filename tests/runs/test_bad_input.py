"""Bad input ends a run with exit code 2 and a sentence, or is left out with a note."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from autotl import cli
from autotl.testing import tiny_images

pytestmark = pytest.mark.usefixtures("few_epochs")

Run = Callable[..., tuple[int, str, str]]
QUICK = ("--backbone", "tiny", "--image-size", "32", "--trials", "1", "--strategy", "linear_probe")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.guarded(lambda: cli.app([str(word) for word in words], standalone_mode=False))
        said = capsys.readouterr()
        return code, said.out, " ".join(said.err.split())

    return call


def save(folder: Path, images: np.ndarray, names: list[str]) -> Path:
    for i, (pixels, name) in enumerate(zip(images, names, strict=True)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("photos") / "photos", *tiny_images(classes=2, each=30, noise=0.3))


def table(folder: Path, column: list[object]) -> Path:
    """Write images and a table with a column of them."""
    images, _ = tiny_images(classes=2, each=len(column) // 2, noise=0.3)
    save(folder / "all", images, [""] * len(images))
    paths = [str(folder / "all" / f"{i}.png") for i in range(len(images))]
    pd.DataFrame({"image": paths, "content": column}).to_csv(folder / "table.csv", index=False)
    return folder / "table.csv"


def test_free_text_is_no_set_of_labels(run: Run, tmp_path: Path) -> None:
    texts = [f"a photo, taken at {place}, with camera {place * 7}" for place in range(40)]
    file = table(tmp_path, [*texts])
    code, _, said = run(
        "fit", file, "--label", "content", "--target", "multi", "--out", tmp_path / "R", *QUICK
    )
    assert code == 2
    assert "as in free text" in said
    assert "--label" in said


def test_numbers_that_may_be_class_ids_are_asked_back(run: Run, tmp_path: Path) -> None:
    file = table(tmp_path, [number % 24 for number in range(240)])
    code, out, _ = run("analyze", file, "--label", "content", "--backbone", "tiny", "--json")
    assert code == 0
    assert json.loads(out)["target"]["kind"] == "single_label"
    code, _, said = run("analyze", file, "--label", "content", "--backbone", "tiny")
    assert "whole numbers in 'content' are used as classes" in said
    assert "--target number" in said


@pytest.mark.parametrize("role", ["--unlabelled", "--source"])
def test_a_missing_empty_or_broken_set_of_images_ends_the_run(
    role: str, run: Run, photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    for number in range(40):
        (tmp_path / "broken" / f"{number}.png").write_bytes(b"no image")
    said = {}
    for name in ("gone", "empty", "broken"):
        code, _, said[name] = run("fit", photos, role, tmp_path / name, "--out", tmp_path / "R", *QUICK[:6])
        assert code == 2, said[name]
        assert not (tmp_path / "R" / "report.json").exists()
    assert "There is no" in said["gone"]
    assert "holds no images" in said["empty"]
    assert any(words in said["broken"] for words in ("can be read", "cannot be read"))


def test_some_broken_images_of_a_set_are_left_out_with_a_note(run: Run, photos: Path, tmp_path: Path) -> None:
    more = tiny_images(classes=2, each=8, noise=0.3, seed=5)[0]
    save(tmp_path / "more", more, [""] * len(more))
    (tmp_path / "more" / "broken.png").write_bytes(b"no image")
    code, out, said = run(
        "fit", photos, "--unlabelled", tmp_path / "more", "--out", tmp_path / "R", "--json", *QUICK[:6]
    )
    assert code == 0, said
    assert any("1 of the unlabelled images cannot be read" in note for note in json.loads(out)["notes"])


def test_unlabelled_images_that_are_test_images_are_left_out_with_a_note(
    run: Run, photos: Path, tmp_path: Path
) -> None:
    fresh = tiny_images(classes=2, each=10, noise=0.3, seed=5)[0]
    own = [np.asarray(Image.open(path)) for path in sorted(photos.rglob("*.png"))]
    save(tmp_path / "more", np.concatenate([fresh, np.stack(own)]), [""] * (len(fresh) + len(own)))
    code, out, said = run(
        "fit", photos, "--unlabelled", tmp_path / "more", "--out", tmp_path / "R", "--json", *QUICK[:6]
    )
    assert code == 0, said
    report = json.loads(out)
    note = next(each for each in report["notes"] if "left out as copies of labelled images" in each)
    assert f"{report['split']['test']} of test images" in note
    (found,) = report["contributions"]
    assert found["used"] <= len(fresh)
