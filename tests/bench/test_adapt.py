"""The benchmark of adaptations gives each shift its images, and each model a row."""

from __future__ import annotations

import importlib
import zipfile
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from autotl.preparation.additional.place_of_use import PlaceOfUse

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shifts(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.adapt.shifts")


@pytest.fixture
def zips(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as opened:
        for part, count in (("train", 3), ("test", 2)):
            for label in ("a", "b"):
                for number in range(count):
                    file = BytesIO()
                    Image.fromarray(rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(file, "png")
                    opened.writestr(f"{part}/{label}/{number}.png", file.getvalue())
    return tmp_path


@pytest.mark.parametrize("change", ["hue_and_noise", "blurred_and_dark", "grey"])
def test_the_place_of_use_has_other_images_that_are_changed(
    change: str, shifts: ModuleType, zips: Path, tmp_path: Path
) -> None:
    case = shifts.images_of(shifts.Shift("pets", "pets", change), zips, tmp_path / "out")
    again = shifts.images_of(shifts.Shift("pets", "pets", change), zips, tmp_path / "again")
    plain = shifts.images_of(shifts.Shift("pets", "pets"), zips, tmp_path / "out")
    assert sorted(file.parent.name for file in case.place.glob("*/*")) == ["a", "a", "b", "b"]
    assert not any("test" in Path(each).parts for each in case.table["image"])
    assert case.bound["part"].value_counts().to_dict() == {"train": 6, "test": 4}
    for file in case.place.glob("*/*"):
        changed, same, before = (
            np.asarray(Image.open(folder / file.relative_to(case.place)).convert("RGB"))
            for folder in (case.place, again.place, plain.place)
        )
        assert np.array_equal(changed, same)
        assert not np.array_equal(changed, before)


def test_every_second_class_of_a_skewed_place_is_rare(
    shifts: ModuleType, zips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shifts, "RARE", 2)
    case = shifts.images_of(shifts.Shift("pets", "pets", skewed=True), zips, tmp_path / "out")
    assert sorted(file.parent.name for file in case.place.glob("*/*")) == ["a", "a", "b"]
    assert case.bound["part"].value_counts().to_dict() == {"train": 6, "test": 3}


def test_the_names_of_the_shifts_differ(shifts: ModuleType) -> None:
    names = [each.name for each in (*shifts.SHIFTS, *shifts.CONFIRMING, *shifts.HELD_OUT)]
    assert len({*names}) == len(names)
    assert "pacs_photo-to-pacs_sketch" in names


def test_each_model_has_a_row(shifts: ModuleType) -> None:
    module = importlib.import_module("benchmarks.adapt.__main__")
    scores = dict.fromkeys(module.SCORES, 0.5)
    models = [
        {
            "strategy": name,
            "backbone": "net",
            "scores": scores,
            "truth": {"value": 0.6, "ci95": [0.5, 0.7], "n": 9},
        }
        for name in ("finetune", "coral")
    ]
    report: dict[str, Any] = {
        "adaptation": {
            "domain_difference": {"auc": 0.9, "p": 0.001},
            "unadapted": models[0],
            "candidates": [models[1]],
            "untried": [{"strategy": "dann", "reason": "no time"}],
            "chosen": "coral",
            "reason": "it is better",
            "truth": None,
        },
        "verdict": {"strategy": "coral", "backbone": "net"},
        "wall_seconds": 3.0,
    }
    rows = module.adapted_rows(report)
    assert [row["role"] for row in rows] == ["unadapted", "adapted", "delivered", "untried"]
    assert [row["chosen"] for row in rows] == [False, True, True, False]
    assert (rows[1]["truth"], rows[1]["low"], rows[1]["auc"]) == (0.6, 0.5, 0.9)
    assert (rows[2]["truth"], rows[3]["reason"]) == (None, "no time")
    assert all({*row} <= {*module.COLUMNS} for row in rows)


def test_the_guard_sees_no_label_of_the_place(shifts: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    blind = importlib.import_module("benchmarks.adapt.blind")
    images: Any = None  # the labels alone are divided
    place = PlaceOfUse(images, np.repeat([0, 1], 100))
    assert len(place.halves(0).slice) == 100
    monkeypatch.setattr(blind.place_of_use, "MIN_SLICE", blind.place_of_use.MIN_SLICE)
    monkeypatch.setattr(blind, "main", lambda: None)
    blind.run()
    assert len(place.halves(0).slice) == 0
    assert len(place.halves(0).truth) == 200
