"""Explanations of a run: files with labels in their names, or pictures in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import autotl
from autotl import cli
from autotl.errors import ArgumentError, ExplanationError, RunError
from autotl.explanation import Explanation, Explanations, calls
from autotl.explanation.overlay import MIN_SIDE, overlay
from autotl.terminal import Silence
from autotl.testing import tiny_images
from tests.support.image_folders import save_folders

Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    images, names = tiny_images(each=12)
    return save_folders(tmp_path_factory.mktemp("data") / "photos", images, [str(name) for name in names])


@pytest.fixture(scope="module")
def result(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> autotl.Result:
    return autotl.fit(
        photos,
        out=tmp_path_factory.mktemp("runs") / "run",
        backbone="tiny",
        strategies="linear_probe",
        trials=1,
        image_size=64,
        watch=Silence(),
    )


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: object) -> tuple[int, str]:
        code = cli.guarded(lambda: cli.app([str(word) for word in words], standalone_mode=False))
        return code, " ".join(capsys.readouterr().err.split())

    return call


def test_the_command_writes_the_first_images_and_says_so(
    run: Run, photos: Path, result: autotl.Result, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    new.mkdir()
    for number, path in enumerate(sorted((photos / "bars").iterdir())[:4]):
        (new / f"{number} ü.png").write_bytes(path.read_bytes())
    (new / "1 ü.png").write_bytes(b"no image")
    out = tmp_path / "explained"
    words = ["predict", result.folder, new, "--out", tmp_path / "table.csv", "--explain", out]
    code, said = run(*words, "--explain-first", "3")
    assert code == 0
    assert "Explained the first 2 of 3 images" in said
    assert "Grad-CAM" in said
    table = result.predict(new)
    labels = [label for label, error in zip(table["label"], table["error"], strict=True) if not error]
    written = sorted(out.iterdir())
    assert [path.name for path in written] == [
        f"0000-0_ü-{labels[0]}.webp",
        f"0001-2_ü-{labels[1]}.webp",
    ]
    with Image.open(written[0]) as shown:
        assert shown.size == (MIN_SIDE, MIN_SIDE)
    code, said = run(*words)
    assert code == 2
    assert "is not empty" in said


def test_a_notebook_shows_test_images_with_escaped_names(photos: Path, result: autotl.Result) -> None:
    found = result.explain(3)
    assert len(found) == 3
    held_out = pd.read_csv(result.folder / "test.csv")["item"]
    assert {each.name for each in found} <= set(held_out)
    page = found._repr_html_()
    assert page.count("data:image/") == 3
    assert "http" not in page
    predicted = result.predict([photos / each.name for each in found])
    assert [each.label for each in found] == predicted["label"].tolist()
    assert [each.probability for each in found] == pytest.approx(predicted["probability"].tolist(), abs=1e-5)


def test_wrong_calls_name_what_must_hold(
    result: autotl.Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ArgumentError, match="n must be a whole number above 0"):
        result.explain(0)
    (tmp_path / "bad.png").write_bytes(b"text")
    with pytest.raises(ExplanationError, match=r"bad\.png"):
        result.explain(1, images=tmp_path)
    with pytest.raises(RunError, match="not empty"):
        result.explain(1).write(tmp_path)
    monkeypatch.setattr(calls, "find_spec", lambda name: None)
    with pytest.raises(ExplanationError, match=r"pip install 'autotl\[explain\]'"):
        result.explain(1)


def test_an_overlay_changes_the_hot_positions_alone() -> None:
    pixels = np.full((3, 32, 32), 128, np.uint8)
    heat = np.zeros((4, 4), np.float32)
    heat[:, 3] = 1
    shown = np.asarray(overlay(pixels, heat)).astype(int)
    assert shown.shape[:2] == (MIN_SIDE, MIN_SIDE)
    changed = np.abs(shown - 128).max(2)
    assert changed[:, : MIN_SIDE // 3].max() <= 1
    assert changed[:, -10:].min() > 40


def test_long_names_in_any_script_fit_a_file_name(tmp_path: Path) -> None:
    picture = Image.new("RGB", (8, 8))
    long = Explanation("向日葵" * 60 + ".png", "دوار الشمس" * 40, 0.5, picture)
    (written,) = Explanations((long,), "Grad-CAM", "layer4").write(tmp_path / "new")
    assert written.is_file()
    assert len(written.name.encode()) < 255
    assert written.name.startswith("0000-向日葵")


def test_test_images_are_drawn_at_random_by_the_seed(result: autotl.Result) -> None:
    held_out = pd.read_csv(result.folder / "test.csv")["item"].tolist()
    names = [each.name for each in result.explain(len(held_out))]
    assert sorted(names) == sorted(held_out)
    assert names != sorted(names)
    assert [each.name for each in result.explain(3)] == names[:3]
