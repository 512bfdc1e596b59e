"""The command that explores images without labels."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from tests.support.command_line import Run
from tests.support.planted import photos

FAST = ("--backbone", "tiny", "--projection", "pca", "--device", "cpu", "--quiet")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return photos(tmp_path_factory.mktemp("data") / "photos", each=12)


def test_the_summary_names_clusters_files_and_next_steps(run: Run, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "explored"
    code, said, _ = run("explore", pictures, "--out", out, "--clusters", 3, *FAST[:-1])
    assert code == 0
    assert "The 36 images" in said
    assert "cluster" in said
    assert str(out / "explore.html") in said.replace("\n", "")
    assert "autotl explore --labels" in said


def test_json_is_the_document(run: Run, pictures: Path, tmp_path: Path) -> None:
    code, said, _ = run("explore", pictures, "--out", tmp_path / "out", "--clusters", 2, *FAST, "--json")
    assert code == 0
    assert json.loads(said) == json.loads((tmp_path / "out" / "explore.json").read_text())


def test_from_a_folder_of_images_to_a_model(run: Run, pictures: Path, tmp_path: Path) -> None:
    out, labelled = tmp_path / "explored", tmp_path / "labelled.csv"
    assert run("explore", pictures, "--out", out, "--clusters", 2, *FAST) == (0, "", "")
    clusters = pd.read_csv(out / "cluster_labels.csv")
    clusters["label"] = ["stripes", "other"]
    clusters.to_csv(out / "cluster_labels.csv", index=False)
    code, said, _ = run("explore", "--labels", out, "--out", labelled)
    assert code == 0
    assert "images have a label, in 2 classes" in said
    words = ["fit", labelled, "--label", "label", "--backbone", "tiny", "--trials", 1, "--image-size", 32]
    code, _, err = run(*words, "--strategy", "linear_probe", "--out", tmp_path / "run", "--quiet")
    assert (code, err) == (0, "")
    assert (tmp_path / "run" / "model" / "model.safetensors").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["explore"], "IMAGES is missing"),
        (["explore", "nowhere"], "There is no nowhere"),
        (["explore", "--labels", "nowhere"], "--labels needs --out"),
        (["explore", "x", "--labels", "nowhere", "--out", "t.csv"], "must not be given"),
        (["explore", "--labels", "nowhere", "--out", "t.csv"], "There is no nowhere"),
        (["explore", "--labels", "nowhere", "--out", "t.csv", "--clusters", "3"], "--clusters must not be"),
        (["explore", "--labels", "nowhere", "--image-size", "64"], "--image-size must not be given"),
        (["explore", "--labels", "nowhere", "--max-clusters", "30"], "--max-clusters must not be given"),
    ],
    ids=" ".join,
)
def test_mistakes_exit_with_2_and_a_sentence(
    words: list[str], message: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert message in err


def test_too_few_images_exit_with_2(run: Run, tmp_path: Path) -> None:
    code, _, err = run("explore", photos(tmp_path / "few", each=2), "--out", tmp_path / "out", *FAST)
    assert code == 2
    assert "20 different images or more" in err


def test_source_images_are_an_option(run: Run, pictures: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    for number, file in enumerate(sorted(pictures.iterdir())):
        (source / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        Image.open(file).rotate(90).save(source / "ab"[number % 2] / file.name)
    code, said, _ = run("explore", pictures, "--source", source, "--out", tmp_path / "o", *FAST, "--json")
    assert code == 0
    assert json.loads(said)["source"]["classes"] == 2
