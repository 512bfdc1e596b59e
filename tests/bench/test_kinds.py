"""The benchmark of additional images gives each case its images, and a row per run."""

from __future__ import annotations

import importlib
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from autotl.errors import UnknownName

ROOT = Path(__file__).parents[2]


@pytest.fixture
def cases(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.kinds.cases")


@pytest.fixture
def runner(cases: ModuleType) -> ModuleType:
    return importlib.import_module("benchmarks.kinds.__main__")


@pytest.fixture
def zips(tmp_path: Path) -> Path:
    for name in ("pets", "cars"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as opened:
            for part, count in (("train", 6), ("test", 3)):
                for label in ("a", "b"):
                    for number in range(count):
                        opened.writestr(f"{part}/{label}/{number}.png", f"{name} {label} {part}{number}")
    return tmp_path


def test_the_rest_holds_no_labelled_and_no_test_image(cases: ModuleType, zips: Path, tmp_path: Path) -> None:
    case = cases.Case("pets", 2, "unlabelled", cases.REST)
    table, rest = cases.images_of(case, zips, tmp_path / "out", seed=0)
    labelled = {Path(image).read_text() for image in table["image"]}
    others = {file.read_text() for file in rest.iterdir()}
    assert (len(labelled), len(others)) == (2 * 2 + 2 * 3, 2 * 4)
    assert not labelled & others
    assert not any("test" in text for text in others)


def test_a_source_keeps_its_class_folders(cases: ModuleType, zips: Path, tmp_path: Path) -> None:
    case = cases.Case("pets", 2, "source", "cars")
    _, other = cases.images_of(case, zips, tmp_path / "out", seed=0)
    assert sorted(folder.name for folder in other.iterdir()) == ["a", "b"]
    assert case.name == "pets+cars"


def test_a_row_has_both_sides(runner: ModuleType) -> None:
    found = {
        "role": "source", "images": 9, "used": 8, "left_out": 1, "strategy": "multi_task",
        "compared_with": "finetune", "gain": None, "answer": None, "sentence": "Not measured.",
    }  # fmt: skip
    report: dict[str, Any] = {
        "contributions": [found],
        "arms": [{"strategy": "multi_task", "test": 0.8}, {"strategy": "finetune", "test": 0.7}],
        "when": {"n_train": 10},
        "test": {"n": 5, "value": 0.8},
        "verdict": {"strategy": "multi_task", "backbone": "net"},
        "search": {"trials": 3},
    }
    row = runner.columns_of(report, "source")
    assert (row["with_test"], row["without_test"], row["gain"]) == (0.8, 0.7, None)
    assert row["searched_test"] is None
    found["gain"] = {"value": 0.1, "ci95": [0.0, 0.2], "p": 0.04}
    row = runner.columns_of(report, "source", "multi_task")
    assert (row["gain"], row["low"], row["high"], row["searched_test"]) == (0.1, 0.0, 0.2, 0.8)
    alone = runner.columns_of(report | {"contributions": []}, "source", "finetune")
    assert (alone["used"], alone["gain"], alone["searched_test"]) == (None, None, 0.7)
    assert alone.keys() == row.keys()


def test_a_strategy_is_searched_with_its_counterpart_and_its_images(runner: ModuleType) -> None:
    other = Path("more")
    images = ["--unlabelled", "more"]
    assert runner.options_of("unlabelled", other, runner.DEFAULT) == images
    alone = ["--strategy", "linear_probe"]
    assert runner.options_of("unlabelled", other, "linear_probe") == alone
    assert runner.options_of("unlabelled", other, "self_training") == [
        "--strategy", "self_training", *alone, *images,
    ]  # fmt: skip
    with pytest.raises(UnknownName, match="self_training"):
        runner.options_of("unlabelled", other, "self_trainin")


def test_rows_of_an_older_file_are_of_the_default_strategies(runner: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "kinds.csv"
    assert runner.read_rows(file) == []
    pd.DataFrame({"case": ["pets+rest"], "seed": [0]}).to_csv(file, index=False)
    assert [row["searched"] for row in runner.read_rows(file)] == [runner.DEFAULT]
    pd.DataFrame({"case": ["a", "b"], "searched": ["", "self_training"]}).to_csv(file, index=False)
    assert [row["searched"] for row in runner.read_rows(file)] == [runner.DEFAULT, "self_training"]
