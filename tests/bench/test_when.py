"""Check the subsets of the benchmark of transfer gains, and the columns from a report."""

from __future__ import annotations

import importlib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def part(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return lambda name: importlib.import_module(f"benchmarks.when.{name}")


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "pets.zip"
    with zipfile.ZipFile(path, "w") as opened:
        for part, count in (("train", 6), ("test", 3)):
            for label in ("cat", "dog"):
                for number in range(count):
                    opened.writestr(f"{part}/{label}/{number}.png", b"x")
        opened.writestr("train/cat/notes.txt", b"no image")
    return path


def test_a_subset_has_the_number_of_training_images_and_all_test_images(part, archive, tmp_path):
    place = part("subset").extract(archive, tmp_path / "out")
    table = part("subset").table_of(place, per_class=2, seed=0)
    counts = table.groupby(["part", "label"]).size().to_dict()
    assert counts == {("train", "cat"): 2, ("train", "dog"): 2, ("test", "cat"): 3, ("test", "dog"): 3}
    assert all(Path(image).is_file() for image in table["image"])


def test_a_subset_depends_only_on_the_seed(part, archive, tmp_path):
    place = part("subset").extract(archive, tmp_path / "out")
    first, again, other = (
        list(part("subset").table_of(place, per_class=3, seed=seed)["image"]) for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_without_a_number_all_images_are_used(part, archive, tmp_path):
    table = part("subset").table_of(part("subset").extract(archive, tmp_path / "out"), per_class=None, seed=0)
    assert len(table) == 18


def test_too_few_images_for_a_subset_are_an_error(part, archive, tmp_path):
    place = part("subset").extract(archive, tmp_path / "out")
    with pytest.raises(ValueError, match="6 training images in a class, not 7"):
        part("subset").table_of(place, per_class=7, seed=0)


def test_a_row_compares_the_best_arm_of_each_kind_by_validation(part):
    def arm(strategy, val, test):
        return {"strategy": strategy, "backbone": "net", "best_val": val, "test": test, "seconds": 2.0}

    report = {
        "when": {
            "n_train": 10,
            "n_classes": 2,
            "similarity": {"net": {"mmd": {"calibrated": 0.2}, "energy": {"calibrated": 0.4}}},
            "transfer_gain": {"value": 0.1, "ci95": [0.0, 0.2]},
            "plateau": None,
        },
        "arms": [
            arm("finetune", 0.9, 0.7),
            arm("linear_probe", 0.8, 0.75),
            arm("pixels", 0.5, 0.4),
            arm("scratch_small", 0.6, 0.3),
            {**arm("direct", None, None)},
        ],
        "test": {"value": 0.7, "n": 40},
        "verdict": {"strategy": "finetune", "transfer": "helps", "backbone": "net"},
        "search": {"optimism": 0.2},
    }
    row = part("__main__").columns_of(report)
    assert (row["transfer"], row["transfer_test"]) == ("finetune", 0.7)
    assert (row["scratch"], row["scratch_test"]) == ("scratch_small", 0.3)
    assert row["likeness"] == pytest.approx(0.3)
    assert row["plateau_low"] is None
    assert "pixels:0.400:2s" in row["arms"]
    assert "direct" not in row["arms"]
