"""What a run delivers is what it reports: one network, with its temperature inside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import autotl
from autotl import cli
from autotl.report import parse
from autotl.report.sections.search import search_gain
from autotl.results import Result
from autotl.terminal import Silence
from autotl.testing import tiny_images


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for number, (image, name) in enumerate(zip(*tiny_images(classes=3, each=20, noise=0.5), strict=True)):
        (folder / name).mkdir(exist_ok=True)
        Image.fromarray(image).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def result(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    return autotl.fit(
        photos,
        out=tmp_path_factory.mktemp("run") / "RUN",
        backbone="tiny",
        trials=3,
        image_size=32,
        strategies="linear_probe",
        watch=Silence(),
    )


def test_the_model_says_of_the_test_images_what_the_run_wrote_down(photos: Path, result: Result) -> None:
    table = pd.read_csv(result.folder / "test.csv")
    said = result.predict([photos / item for item in table["item"]])
    assert said["label"].tolist() == table["answer"].tolist()
    written = table[[f"p:{name}" for name in result.predictor.classes]].max(axis=1)
    assert np.allclose(said["probability"], written, atol=1e-4)


def test_the_report_says_what_was_kept_and_what_it_did(result: Result) -> None:
    report = result.report
    temperature, soup = report["how"]["temperature"], report["how"]["soup"]
    assert temperature["kept"] == (temperature["value"] != 1.0)
    assert temperature["n"] == report["split"]["train"]
    assert (temperature["gain"] > temperature["se"]) == temperature["kept"]
    assert soup["tried"] >= 1
    assert bool(soup["why"]) != soup["kept"]
    test = report["test"]
    if not temperature["kept"]:
        assert test["calibration_error"] == pytest.approx(test["calibration_error_before"])
    low, high = report["search"]["optimism_ci95"]
    assert low < report["search"]["optimism"] < high


def test_every_form_says_what_searching_gained(result: Result) -> None:
    said = search_gain(parse(result.report))
    for form in ("md", "html"):
        assert said in (result.folder / f"report.{form}").read_text()


def test_the_page_shows_images_and_can_be_written_again_without_them(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures, classes = result.report["pictures"], result.report["classes"]
    assert pictures["n_mistakes"] == len(result.mistakes())
    assert sorted(each["class"] for each in pictures["samples"]) == sorted(classes)
    kept = {path.name for path in (result.folder / "pictures").iterdir()}
    assert kept == set(pictures["files"].values())
    page = (result.folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<img") >= 12
    assert len(page) < 8_000_000
    saved = result.save(tmp_path / "saved")
    (saved / "report.html").unlink()
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("an image was opened"))
    words = ["report", str(saved), "--format", "html"]
    assert cli.guarded(lambda: cli.app(words, standalone_mode=False)) == 0
    assert (saved / "report.html").read_text(encoding="utf-8") == page


def test_the_tables_of_the_result_agree_with_the_report(result: Result) -> None:
    confusion = result.confusion().to_numpy()
    assert confusion.sum() == result.report["test"]["n"]
    assert confusion.sum() - confusion.trace() == result.report["pictures"]["n_mistakes"]
    assert result.per_class()["class"].tolist() == result.report["classes"]
