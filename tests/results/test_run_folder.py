"""The folder of a run if the user names none."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

import autotl
from autotl.errors import AutotlError, DataError, RunError
from autotl.results import create_run_folder
from autotl.terminal import Silence
from autotl.testing import tiny_images

NOON = datetime(2030, 5, 4, 12, 30, 15)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("AUTOTL_RUNS")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("photos", "photos"),
        ("pets.v2/train.csv", "train"),
        (Path("a b\x1b[31m/näme\udcff!.zip"), "näme"),
        (([], []), "images"),
        ({}, "dict"),
        ("/", "data"),
        ("x" * 300, "x" * 60),
    ],
)
def test_the_folder_is_named_after_the_data_and_the_time(here: Path, data: object, name: str) -> None:
    place = create_run_folder(None, data, now=NOON)
    assert place.path == Path("autotl-runs") / f"{name}-2030-05-04-123015"
    assert (place.auto_named, place.temporary) == (True, False)
    assert place.path.is_dir()


def test_two_runs_of_one_second_have_two_folders(here: Path) -> None:
    paths = {create_run_folder(None, "photos", now=NOON).path.name for _ in range(3)}
    assert paths == {"photos-2030-05-04-123015" + end for end in ("", "-2", "-3")}


def test_another_folder_for_runs_or_none_can_be_chosen(
    here: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other") / "new"
    monkeypatch.setenv("AUTOTL_RUNS", str(other))
    assert create_run_folder(None, "photos", now=NOON).path.parent == other
    monkeypatch.setenv("AUTOTL_RUNS", "off")
    place = create_run_folder(None, "photos")
    assert place.temporary
    place.path.rmdir()
    assert list(here.iterdir()) == []


def test_a_place_that_cannot_be_written_is_an_error_with_the_way_out(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "file").write_text("")
    monkeypatch.setenv("AUTOTL_RUNS", str(here / "file"))
    with pytest.raises(RunError, match=r"cannot be created.*AUTOTL_RUNS"):
        create_run_folder(None, "photos")


class Heard(Silence):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def test_a_fit_without_a_folder_keeps_its_run_and_prints_the_path(here: Path) -> None:
    heard = Heard()
    result = autotl.fit(
        tiny_images(classes=2, each=12),
        backbone="tiny",
        strategies="linear_probe",
        trials=1,
        image_size=32,
        watch=heard,
    )
    assert f"The run is kept in {result.folder}." in heard.said
    assert result.folder.parent == Path("autotl-runs")
    folder = result.folder
    del result
    assert autotl.load(folder).verdict["sentence"]


def test_a_fit_that_fails_before_it_searches_leaves_no_folder(here: Path) -> None:
    (here / "empty").mkdir()
    with pytest.raises(DataError):
        autotl.fit(here / "empty", backbone="tiny", trials=1, watch=Silence())
    with pytest.raises(AutotlError):
        autotl.fit(here / "empty", metric="acuracy", watch=Silence())
    assert [each.name for each in here.iterdir()] == ["empty"]
