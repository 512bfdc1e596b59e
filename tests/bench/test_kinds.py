"""The benchmark of additional images gives each case its images, and a row per run."""

from __future__ import annotations

import importlib
import io
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from autotl.errors import UnknownName
from autotl.testing import tiny_images

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


@pytest.fixture
def targets(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.kinds.targets")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A zip with tiny images of three classes in both parts."""
    images, names = tiny_images(each=30)
    with zipfile.ZipFile(tmp_path / "pacs_photo.zip", "w") as opened:
        for number, (image, name) in enumerate(zip(images, names, strict=True)):
            content = io.BytesIO()
            Image.fromarray(image).save(content, "PNG")
            opened.writestr(f"{'train' if number % 3 else 'test'}/{name}/{number}.png", content.getvalue())
    return tmp_path


def test_the_images_of_a_seed_are_made_once(targets: ModuleType, photos: Path, tmp_path: Path) -> None:
    case = targets.CASES[0]
    table = targets.table_of(case, photos, tmp_path / "out", seed=0)
    first = table.read_text()
    table.write_text(first + "\n")
    assert targets.table_of(case, photos, tmp_path / "out", seed=0).read_text() == first + "\n"
    assert targets.table_of(case, photos, tmp_path / "out", seed=1).read_text() != first


@pytest.mark.parametrize("numbers", [True, False])
def test_a_row_of_targets_has_strategies_and_intervals(targets: ModuleType, numbers: bool) -> None:
    report: dict[str, Any] = {
        "arms": [{"strategy": "finetune", "test": 3.0}, {"strategy": "late", "test": None}],
        "when": {"n_train": 10, "transfer_gain": None},
        "test": {
            "n": 5, "metric": "mae", "value": 3.0, "always_majority": 9.0, "expected_coverage": 0.9,
            "per_column": [{"coverage": 0.88, "width": 12.0}] if numbers else [],
        },
        "verdict": {"strategy": "finetune", "backbone": "net", "transfer": None, "sentence": "It is."},
        "search": {"trials": 3},
    }  # fmt: skip
    row = targets.columns_of(report)
    assert (row["test:finetune"], row["gain"], row["low"]) == (3.0, None, None)
    assert "test:late" not in row
    assert (row["coverage"], row["width"]) == ((0.88, 12.0) if numbers else (None, None))
    gain = {"value": 1.5, "ci95": [1.0, 2.0], "p": 0.01, "baseline": "from_scratch trial 2"}
    report["when"]["transfer_gain"] = gain
    row = targets.columns_of(report)
    assert (row["gain"], row["low"], row["high"], row["baseline"]) == (1.5, 1.0, 2.0, "from_scratch trial 2")


@pytest.mark.slow
def test_timm_gives_the_answers_of_a_run_on_several_labels(
    targets: ModuleType, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    out = tmp_path / "targets.csv"
    words = [str(photos), "--out", str(out), "--backbone", "tiny", "--budgets", "12", "--seeds", "0"]
    targets.main([*words, "--cases", "pacs_photo-collages"])
    (row,) = pd.read_csv(out).to_dict("records")
    assert row["metric"] == "mean_average_precision"
    assert row["timm_difference"] < 1e-4
    before = out.read_bytes()
    targets.main([*words, "--cases", "pacs_photo-collages"])  # known rows are not run again
    assert out.read_bytes() == before
