"""Runs with images of the place of use, from the call to the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import autotl
from autotl import cli
from autotl.api import Applies
from autotl.errors import ArgumentError, DataError, RunError
from autotl.terminal import Silence
from autotl.testing import tiny_images
from tests.support.adapting import Planted, install, place, source, uninstall_adaptations
from tests.support.image_folders import save_folders

pytestmark = pytest.mark.usefixtures("few_epochs")

SEARCHED = ("linear_probe", "pixels")
USUAL: dict[str, Any] = {"backbone": "tiny", "image_size": 32, "watch": Silence(), "experience": False}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos, images of another place, and the same with labels."""
    root = tmp_path_factory.mktemp("images")
    save_folders(root / "photos", *source())
    images, names = place()
    save_folders(root / "place", images, [""] * len(images))
    save_folders(root / "labelled", images, names)
    return root


@pytest.fixture
def adapts(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "helps", "destroys")


@pytest.fixture(scope="module")
def result(here: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        install(patch, "helps", "destroys")
        return autotl.fit(
            here / "photos",
            out=tmp_path_factory.mktemp("run") / "RUN",
            deploy=here / "labelled",
            strategies=[*SEARCHED, "helps", "destroys"],
            trials=3,
            **USUAL,
        )


def test_the_adapted_model_is_delivered_and_reported(result: Any) -> None:
    found = result.report["adaptation"]
    assert found["chosen"] == "helps", found["reason"]
    assert (found["images"], found["used"], found["left_out"]) == (60, 60, 0)
    assert found["slice_images"] == 30
    assert {each["strategy"] for each in found["candidates"]} == {"helps", "destroys"}
    assert found["truth"]["n"] == 30
    assert found["truth"]["value"] > found["unadapted"]["truth"]["value"]
    assert found["truth_gain"]["ci95"][0] > 0
    assert found["sentence"].startswith("Adapted by helps: it is measurably better than the unadapted model")
    assert "At the place of use the accuracy is" in found["sentence"]
    assert result.verdict["strategy"] == result.report["how"]["strategy"] == "helps"
    assert "place of use" in (result.folder / "report.md").read_text(encoding="utf-8")
    assert "At the place of use" in (result.folder / "report.html").read_text(encoding="utf-8")
    images, names = place()
    right = np.mean(np.array(result.predict(list(images))["label"]) == np.array(names))
    assert right > 0.9


def test_adaptations_are_no_arms_of_the_search(result: Any) -> None:
    strategies = {row["strategy"] for row in result.report["trials"]}
    assert strategies <= set(SEARCHED)
    assert result.report["search"]["trials"] == 3
    arms = {arm["strategy"]: arm for arm in result.report["arms"]}
    assert set(arms) == {*SEARCHED, "helps"}
    assert arms["helps"]["test"] is not None
    assert arms["helps"]["reason"] == "only the defaults of adaptations run"
    assert result.report["contributions"] == []


def test_labels_of_the_place_are_nowhere_in_the_data_of_strategies(result: Any) -> None:
    kept = json.loads((result.folder / "run.json").read_text())
    assert set(kept["decided"]["additional"]) == {"deploy"}


def test_a_run_is_resumed_with_the_same_images(result: Any, here: Path, adapts: None) -> None:
    extra = here / "labelled" / "bars" / "new.png"
    Image.new("RGB", (24, 24), (9, 99, 199)).save(extra)
    try:
        with pytest.raises(RunError, match="place of use differ: there were 60 and are 61"):
            autotl.resume(result.folder, trials=4, watch=Silence())
    finally:
        extra.unlink()
    again = autotl.resume(result.folder, trials=4, watch=Silence())
    assert again.report["search"]["trials"] == 4
    assert again.report["adaptation"]["chosen"] == "helps"


def test_without_a_label_the_report_asks_for_some(
    here: Path, adapts: None, capsys: pytest.CaptureFixture[str]
) -> None:
    result = autotl.fit(
        here / "photos", deploy=here / "place", strategies=[*SEARCHED, "destroys"], trials=2, **USUAL
    )
    found = result.report["adaptation"]
    assert (found["chosen"], found["truth"], found["truth_gain"]) == (None, None, None)
    assert found["sentence"].startswith("Do not adapt: destroys: it loses too much on the source")
    assert "The accuracy at the place of use is unknown: label 100 images of it." in found["sentence"]
    assert result.verdict["strategy"] in SEARCHED


def test_without_images_of_the_place_there_is_no_adaptation(here: Path, adapts: None) -> None:
    result = autotl.fit(here / "photos", strategies="linear_probe", trials=1, **USUAL)
    assert result.report["adaptation"] is None
    with pytest.raises(ArgumentError, match=r"helps needs images of the place of use"):
        autotl.fit(here / "photos", strategies="helps", trials=1, **USUAL)


def test_images_without_a_strategy_are_refused(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {"deploy": here / "place", "trials": 1, **USUAL}
    uninstall_adaptations(monkeypatch)
    with pytest.raises(ArgumentError, match=r"pip install \./plugins/autotl-adapt"):
        autotl.fit(here / "photos", **given)
    install(monkeypatch, "helps")
    with pytest.raises(ArgumentError, match=r"got linear_probe; installed: .*helps.*Name one of these too"):
        autotl.fit(here / "photos", strategies="linear_probe", **given)
    with pytest.raises(ArgumentError, match="strategies must name a strategy for the search"):
        autotl.fit(here / "photos", strategies="helps", **given)


def test_copies_of_labelled_images_are_left_out(here: Path, adapts: None, tmp_path: Path) -> None:
    images = source()[0]
    mixed = np.concatenate([place(each=5)[0], images[:6]])
    result = autotl.fit(here / "photos", deploy=mixed, strategies=[*SEARCHED, "helps"], trials=1, **USUAL)
    assert result.report["adaptation"]["left_out"] == 6
    notes = " ".join(result.report["notes"])
    assert "6 of 21 images of the place of use are left out as copies" in notes
    with pytest.raises(DataError, match=r"deploy must have at least 10 images that are no copies"):
        autotl.fit(here / "photos", deploy=images, strategies=[*SEARCHED, "helps"], trials=1, **USUAL)


def test_unreadable_images_are_counted_apart_from_copies(here: Path, adapts: None, tmp_path: Path) -> None:
    mixed = np.concatenate([place(each=2)[0], source()[0][:5]])
    save_folders(tmp_path, mixed, [""] * len(mixed))
    for number in range(3):
        (tmp_path / f"bad{number}.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"got 6 of 14; 5 are copies; 3 cannot be read: bad0\.png \("):
        autotl.fit(here / "photos", deploy=tmp_path, strategies=[*SEARCHED, "helps"], trials=1, **USUAL)


def test_a_note_at_the_start_states_that_nothing_applies(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "helps")
    monkeypatch.setattr(Planted, "applies", lambda *_: Applies(False, "20 deploy images are needed"))
    said: list[str] = []
    monkeypatch.setattr(Silence, "say", lambda self, text: said.append(text))
    autotl.fit(
        here / "photos", deploy=here / "place", strategies=["linear_probe", "helps"], trials=1, **USUAL
    )
    note = "No installed strategy adapts to these images of the place of use: 20 deploy images are needed."
    assert note in said


def test_the_command_line_refuses_other_classes(
    here: Path, adapts: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, names = tiny_images(classes=2, each=8)
    other = save_folders(tmp_path, images, [""] * len(images))
    lines = [f"{number}.png,no {name}" for number, name in enumerate(names)]
    (other / "place.csv").write_text("\n".join(["path,label", *lines]), encoding="utf-8")
    command = ["fit", str(here / "photos"), "--deploy", str(other / "place.csv"), "--backbone", "tiny"]
    assert cli.guarded(lambda: cli.app(command, standalone_mode=False)) == 2
    shown = " ".join(capsys.readouterr().err.split())
    assert "got no bars, no rings; your classes: bars, rings, spots" in shown


def test_the_command_line_shows_the_decision(
    here: Path, adapts: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["fit", str(here / "photos"), "--deploy", str(here / "labelled"), "--out", str(tmp_path / "R")]
    command += ["--backbone", "tiny", "--image-size", "32", "--trials", "2"]
    command += [each for name in (*SEARCHED, "helps") for each in ("--strategy", name)]
    assert cli.guarded(lambda: cli.app(command, standalone_mode=False)) == 0
    captured = capsys.readouterr()
    assert "Adapted by helps" in " ".join((captured.out + captured.err).split())


def test_analyze_lists_transductive_transfer(here: Path, adapts: None) -> None:
    found = autotl.analyze(here / "photos", deploy=here / "place", backbone="tiny", image_size=32)
    kinds = {each["kind"]: each for each in found["when"]["kinds"]}
    assert kinds["transductive transfer"]["possible"]
    assert "60 images of the place of use" in kinds["transductive transfer"]["sentence"]


def test_a_winner_stays_if_the_images_are_from_the_same_place(here: Path, adapts: None) -> None:
    same = tiny_images(classes=3, each=20, noise=0.3, seed=9)[0]
    result = autotl.fit(here / "photos", deploy=same, strategies=[*SEARCHED, "helps"], trials=2, **USUAL)
    found = result.report["adaptation"]
    assert found["reason"] == "the images do not differ measurably from the training images"
    assert found["candidates"] == []


def test_workers_search_beside_images_of_the_place(here: Path, adapts: None, tmp_path: Path) -> None:
    result = autotl.fit(
        here / "photos",
        deploy=here / "place",
        strategies=[*SEARCHED, "helps"],
        trials=2,
        workers=2,
        out=tmp_path / "RUN",
        **USUAL,
    )
    assert [each["strategy"] for each in result.report["adaptation"]["candidates"]] == ["helps"]
