"""Runs with unlabelled and source images, from the call to the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import autotl
from autotl import cli
from autotl.errors import DataError, RunError, SearchError
from autotl.terminal import Silence
from autotl.testing import tiny_images
from tests.support.image_folders import save_folders

pytestmark = pytest.mark.usefixtures("few_epochs")

USUAL: dict[str, Any] = {"backbone": "tiny", "image_size": 32, "watch": Silence()}
STRATEGIES = ("linear_probe", "pixels", "self_training", "multi_task")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos, more images like them, and a labelled source."""
    root = tmp_path_factory.mktemp("images")
    save_folders(root / "photos", *tiny_images(classes=3, each=16, noise=0.3))
    more = tiny_images(classes=3, each=12, noise=0.3, seed=5)[0]
    save_folders(root / "more", more, [""] * len(more))
    (root / "more" / "broken.png").write_bytes(b"no image")
    save_folders(root / "source", *tiny_images(classes=5, each=10, noise=0.3, seed=6))
    return root


@pytest.fixture(scope="module")
def result(here: Path, tmp_path_factory: pytest.TempPathFactory) -> autotl.results.Result:
    return autotl.fit(
        here / "photos",
        out=tmp_path_factory.mktemp("run") / "RUN",
        unlabelled=here / "more",
        source=here / "source",
        strategies=STRATEGIES,
        trials=4,
        **USUAL,
    )


def test_both_sets_are_searched_and_compared(result: autotl.results.Result) -> None:
    arms = {arm["strategy"]: arm for arm in result.report["arms"]}
    assert {"self_training", "multi_task"} <= arms.keys()
    assert arms["self_training"]["test"] is not None
    found = {each["role"]: each for each in result.report["contributions"]}
    assert set(found) == {"unlabelled", "source"}
    assert (found["unlabelled"]["images"], found["unlabelled"]["strategy"]) == (37, "self_training")
    assert (found["source"]["images"], found["source"]["strategy"]) == (50, "multi_task")
    for each in found.values():
        assert each["gain"]["ci95"][0] <= each["gain"]["value"] <= each["gain"]["ci95"][1]
        assert each["answer"] in ("helps", "no_measurable_difference", "hurts")
        assert each["sentence"] in (result.folder / "report.md").read_text(encoding="utf-8").replace("`", "")


def test_unreadable_images_are_named_in_the_notes(result: autotl.results.Result) -> None:
    assert any(
        "1 of the unlabelled images cannot be read" in note and "broken.png" in note
        for note in result.report["notes"]
    )


def test_the_decisions_are_in_the_run_file(result: autotl.results.Result, here: Path) -> None:
    kept = json.loads((result.folder / "run.json").read_text())
    assert kept["arguments"]["unlabelled"] == str((here / "more").resolve())
    assert set(kept["decided"]["additional"]) == {"unlabelled", "source"}
    assert kept["decided"]["additional"]["unlabelled"]["images"] == 36


def test_a_resumed_run_finds_changed_images(result: autotl.results.Result, here: Path) -> None:
    extra = here / "more" / "new.png"
    Image.new("RGB", (24, 24), (9, 99, 199)).save(extra)
    try:
        with pytest.raises(RunError, match="the unlabelled images differ: there were 36 and are 37"):
            autotl.resume(result.folder, trials=5, watch=Silence())
    finally:
        extra.unlink()
    again = autotl.resume(result.folder, trials=5, watch=Silence())
    assert again.report["search"]["trials"] == 5
    assert {each["role"] for each in again.report["contributions"]} == {"unlabelled", "source"}


def test_images_in_memory_have_to_be_given_again(here: Path, tmp_path: Path) -> None:
    more = tiny_images(classes=3, each=8, noise=0.3, seed=5)[0]
    given: dict[str, Any] = {"strategies": "self_training", **USUAL}
    autotl.fit(here / "photos", out=tmp_path / "RUN", unlabelled=more, trials=1, **given)
    with pytest.raises(RunError, match="used unlabelled in memory"):
        autotl.resume(tmp_path / "RUN", trials=2, watch=Silence())
    again = autotl.resume(tmp_path / "RUN", unlabelled=more, trials=2, watch=Silence())
    assert again.report["contributions"][0]["used"] <= 24


def test_without_its_images_a_strategy_is_neither_searched_nor_listed(here: Path) -> None:
    result = autotl.fit(here / "photos", trials=1, **USUAL)
    assert not {arm["strategy"] for arm in result.report["arms"]} & {"self_training", "multi_task"}
    assert result.report["contributions"] == []
    with pytest.raises(SearchError, match="no unlabelled images were given: --unlabelled"):
        autotl.fit(here / "photos", strategies="self_training", trials=1, **USUAL)
    with pytest.raises(SearchError, match="no source images were given: --source"):
        autotl.fit(here / "photos", strategies="multi_task", trials=1, **USUAL)


def test_bad_sets_end_a_run_before_it_computes(here: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for given, match in (
        (tmp_path / "gone", "There is no"),
        (tmp_path / "empty", "holds no images"),
        (here / "more" / "0.png", r"unlabelled must have at least 10 images \(got 1\)"),
    ):
        with pytest.raises(DataError, match=match):
            autotl.fit(here / "photos", unlabelled=given, trials=1, **USUAL)


def test_the_command_line_takes_both_sets(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["fit", str(here / "photos"), "--unlabelled", str(here / "more"), "--out", str(tmp_path / "R")]
    command += ["--backbone", "tiny", "--image-size", "32", "--trials", "2", "--json"]
    command += ["--strategy", "self_training", "--strategy", "linear_probe"]
    assert cli.guarded(lambda: cli.app(command, standalone_mode=False)) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["contributions"][0]["role"] == "unlabelled"
    empty = tmp_path / "empty"
    empty.mkdir()
    command = ["fit", str(here / "photos"), "--unlabelled", str(empty), "--backbone", "tiny"]
    assert cli.guarded(lambda: cli.app(command, standalone_mode=False)) == 2
    assert "holds no images" in capsys.readouterr().err


def test_analyze_names_the_possible_kinds_of_transfer(here: Path) -> None:
    found = autotl.analyze(here / "photos", unlabelled=here / "more", backbone="tiny", image_size=32)
    possible = {each["kind"]: each["possible"] for each in found["when"]["kinds"]}
    assert possible == {
        "inductive transfer": True,
        "self-taught learning": True,
        "inductive transfer, multi-task": False,
        "transductive transfer": False,
    }
    assert any("36 unlabelled images" in each["sentence"] for each in found["when"]["kinds"])
