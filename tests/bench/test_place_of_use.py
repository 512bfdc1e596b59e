"""Data sets with images of the place of use keep their test images apart, and their rows the decision."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from autotl import bench, jsonio, plugins
from autotl.bench import entrant
from autotl.bench import split as splits
from autotl.bench.data_sets.data import Data
from autotl.bench.entry import Entrant, Entry, can_run
from autotl.bench.measure import job
from autotl.bench.prepared_data import PreparedData, prepare_data
from autotl.bench.runner import BenchPlan
from autotl.errors import BenchError
from autotl.leaderboard import read_rows, write_rows
from tests.bench.honest_rows import Honest
from tests.support.adapting import install, place, source, uninstall_adaptations
from tests.support.image_folders import save_folders

Make = Callable[..., bench.Suite]
TRAIN, PLACE_TRAIN, PLACE_TEST = 10, 110, 120
"""Levels of red of the images of each part."""
DATA = Data("photos+sketches", file="photos", test_file="sketches", additional={"deploy": "sketches"})
TRUTH = {"value": 0.4, "ci95": [0.3, 0.5], "n": 100}
DECISION: dict[str, Any] = {
    "images": 90, "used": 80, "left_out": 10, "unadapted": {"strategy": "finetune", "truth": TRUTH},
    "candidates": [], "untried": [], "slice_images": 40, "chosen": "coral", "reason": "it is better",
    "sentence": "", "truth": TRUTH | {"value": 0.5}, "truth_gain": {"value": 0.08, "ci95": [0, 1], "p": 0.1},
}  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with photos and sketches of two classes, in two parts each."""
    for name, levels in (("photos", (TRAIN, 20)), ("sketches", (PLACE_TRAIN, PLACE_TEST))):
        for part, level in zip(("train", "test"), levels, strict=True):
            for number in range(24):
                path = tmp_path / "files" / name / part / "ab"[number % 2] / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("RGB", (8, 8), (level, number, 0)).save(path)
    return tmp_path / "files"


def prepared(files: Path, tmp_path: Path, data: Data = DATA) -> PreparedData:
    readers, official = plugins.load().readers.items, tmp_path / "none"
    return prepare_data(
        data, shots=0, seed=0, folder=tmp_path / "data", files=files, official=official, readers=readers
    )


def levels(table: Path, part: str = "") -> set[int]:
    with table.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if not part or row["part"] == part]
    return {np.asarray(Image.open(row["image"]))[0, 0, 0].item() for row in rows}


def test_the_place_of_use_has_no_test_image_and_no_image_to_train_on(files: Path, tmp_path: Path) -> None:
    found = prepared(files, tmp_path)
    deploy = found.additional["deploy"]
    assert (levels(found.table, "train"), levels(found.table, "test")) == ({TRAIN}, {PLACE_TEST})
    assert levels(found.train) == {TRAIN}
    assert levels(deploy) == {PLACE_TRAIN}
    with deploy.open(newline="") as file:
        assert {row["label"] for row in csv.DictReader(file)} == {"a", "b"}
    again = prepared(files, tmp_path)  # from the folder of the first call
    assert again.additional["deploy"].read_text() == deploy.read_text()


def test_a_folder_of_an_older_version_is_prepared_again(files: Path, tmp_path: Path) -> None:
    prepared(files, tmp_path)
    (tmp_path / "data" / DATA.name / "others.csv").unlink()
    assert levels(prepared(files, tmp_path).additional["deploy"]) == {PLACE_TRAIN}


def test_a_test_file_without_training_images_leaves_none_for_the_place(files: Path, tmp_path: Path) -> None:
    (files / "sketches" / "train").rename(tmp_path / "elsewhere")
    with pytest.raises(BenchError, match="sketches must have training images"):
        prepared(files, tmp_path)


def test_single_strategies_do_not_get_images_that_only_a_search_adapts_to(
    files: Path, tmp_path: Path, guessing: Make
) -> None:
    suite, found = guessing(), prepared(files, tmp_path)
    given = {}
    for each in (Entrant("linear_probe", "strategy"), Entrant("autotl", "autotl")):
        entry = Entry(suite.name, "accuracy", DATA, 0, suite.backbones[0], each, 0, 2.0)
        given[each.name] = job(entry, found, weights=None, threads=1, device="cpu")["additional"]
    assert given == {"linear_probe": {}, "autotl": {"deploy": str(found.additional["deploy"])}}


def test_a_strategy_that_adapts_is_no_entrant() -> None:
    strategies: Any = {"coral": SimpleNamespace(additional=("deploy",)), "probe": SimpleNamespace()}
    able = [name for name in strategies if can_run(Entrant(name, "strategy"), DATA, strategies)]
    assert able == ["probe"]


def test_without_a_strategy_that_adapts_the_data_set_is_left_out(
    files: Path, tmp_path: Path, guessing: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall_adaptations(monkeypatch)
    suite = replace(guessing(), datasets=(DATA,), shots=(0,))
    said: list[str] = []
    with pytest.raises(BenchError, match="No data set of the suite 'guessing' is available"):
        bench.run(BenchPlan(suite, tmp_path / "out", data=files), said.append)
    assert any("no installed strategy adapts" in each for each in said)


def test_other_targets_have_no_place_of_use(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[[dataset]]\nname = "a"\nfile = "a.zip"\ntarget = "multi"\ndeploy = "b.zip"\n'
        '[[backbone]]\nname = "tiny"\n'
    )
    with pytest.raises(BenchError, match="must have one class for each image, because it has images of the"):
        bench.load(path)


def test_a_row_keeps_the_decision_with_the_true_scores(honest: Honest, tmp_path: Path) -> None:
    found = entrant.adaptation({"adaptation": DECISION})
    assert found == {
        "chosen": "coral", "reason": "it is better", "images": 90, "used": 80, "slice_images": 40,
        "unadapted": 0.4, "delivered": 0.5, "low": 0.3, "high": 0.5, "n": 100, "gain": 0.08,
    }  # fmt: skip
    nothing = {"unadapted": None, "truth": None, "truth_gain": None, "chosen": None}
    alone = entrant.adaptation({"adaptation": DECISION | nothing})
    assert alone is not None
    assert (alone["unadapted"], alone["delivered"], alone["gain"]) == (None, None, None)
    assert entrant.adaptation({"adaptation": None}) is None
    old = honest[1][0]
    row = replace(old, adaptation=found).sealed()
    write_rows(tmp_path / "rows.parquet", [row, old])
    again = read_rows(tmp_path / "rows.parquet")
    assert [each.adaptation for each in again] == [found, None]
    assert [each.seal for each in again] == [row.seal, old.seal]
    assert row.seal != old.seal


def test_an_adapted_model_was_chosen_by_the_guard_and_not_by_validation(honest: Honest) -> None:
    suite, rows = honest
    adapted = [
        replace(row, adaptation={"chosen": "coral"}, chosen=None).sealed() if row.entrant == "probe" else row
        for row in rows
    ]
    assert "it does not name the selected trial" in " ".join(bench.check(adapted, suite=suite.path))
    text = suite.path.read_text().replace("settings = {", 'deploy = "b.zip"\nsettings = {')
    suite.path.write_text(text)
    assert "it does not name the selected trial" in " ".join(bench.check(adapted, suite=suite.path))
    searched = [
        replace(row, kind="autotl").sealed() if row.adaptation else row for row in adapted
    ]  # a strategy alone gets no images of the place of use
    faults = bench.check(searched, suite=suite.path)
    assert len(faults) == sum(row.kind == "autotl" for row in searched)
    assert all("its kind is autotl" in fault for fault in faults)


def test_the_suite_kinds_has_a_place_of_use_whose_images_are_in_no_part() -> None:
    suite = bench.load("kinds")
    (data,) = (each for each in suite.datasets if "deploy" in each.additional)
    assert data.additional == {"deploy": data.test_file}
    split = splits.read(suite.splits / splits.file_name(data.name, shots=0, seed=0))
    sketches = splits.read(suite.splits / "pacs_sketch.csv")
    tested = {line.digest for line in split.lines if line.part == "test"}
    assert tested == {line.digest for line in sketches.lines if line.part == "test"}
    trained = {line.digest for line in split.lines if line.part == "train"}
    assert not trained & {line.digest for line in sketches.lines}


@pytest.mark.slow
def test_the_search_of_autotl_adapts_and_keeps_the_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, "helps")
    monkeypatch.setattr(entrant, "PROCESS_START", entrant.CLOCK.now())
    photos, sketches = tmp_path / "files" / "photos", tmp_path / "files" / "sketches"
    save_folders(photos / "train", *source())
    save_folders(sketches / "train", *place(noise=3))
    save_folders(sketches / "test", *place(seed=10, noise=3))
    suite, found = bench.load("smoke"), prepared(tmp_path / "files", tmp_path, replace(DATA, image_size=32))
    entry = Entry("s", "accuracy", found.data, 0, suite.backbones[0], Entrant("autotl", "autotl"), 0, 40.0)
    entrant.run(job(entry, found, weights=None, threads=1, device="cpu"), tmp_path)
    decision = jsonio.read(tmp_path / "entry.json")["adaptation"]
    assert decision["chosen"] == "helps", decision["reason"]
    assert (decision["images"], decision["slice_images"]) == (60, 30)
