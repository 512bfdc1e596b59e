"""Data sets of several labels and of numbers are made from images with classes."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from autotl.api import Columns, Dataset
from autotl.bench.generated.from_files import MAKERS, make_table
from autotl.data import read
from autotl.errors import BenchError, UnknownName
from autotl.plugins import load

COLOURS = {"blue": (0, 0, 255), "green": (0, 255, 0), "red": (255, 0, 0)}


@pytest.fixture(scope="module")
def coloured(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Images whose colour tells the class, and whose grey value the part."""
    folder = tmp_path_factory.mktemp("coloured")
    for part, level in (("train", 1.0), ("test", 0.5)):
        for name, colour in COLOURS.items():
            (folder / part / name).mkdir(parents=True)
            for number in range(10):
                shade = tuple(round(level * value) - number if value else 0 for value in colour)
                Image.new("RGB", (60, 48), shade).save(folder / part / name / f"{number}.png")
    return read(folder, readers=load().readers.items)


def rows_of(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_seed_gives_the_same_images(coloured: Dataset, tmp_path: Path, name: str) -> None:
    one, same = (make_table(name, coloured, tmp_path / str(i), seed=1, settings={}) for i in (0, 1))
    assert one.read_text() == same.read_text()
    assert (one.parent / "000001.png").read_bytes() == (same.parent / "000001.png").read_bytes()


def test_a_collage_shows_its_labels_and_no_others(coloured: Dataset, tmp_path: Path) -> None:
    table = make_table("collages", coloured, tmp_path / "out", seed=0, settings={"objects": [1, 3]})
    rows = rows_of(table)
    assert Counter(row["part"] for row in rows) == {"train": 24, "test": 24}
    assert {len(row["labels"].split(";")) for row in rows} == {1, 3}
    for row in rows:
        pixels = np.asarray(Image.open(table.parent / row["image"])).reshape(-1, 3).astype(int)
        for name, colour in COLOURS.items():
            channel = int(np.argmax(colour))
            others = [each for each in range(3) if each != channel]
            shown = pixels[(pixels[:, others] == 0).all(axis=1) & (pixels[:, channel] > 0)]
            assert bool(len(shown)) == (name in row["labels"].split(";"))
            if len(shown):  # photographs of the training part are twice as bright
                assert (shown[:, channel].max() > 200) == (row["part"] == "train")


def test_a_turned_image_shows_no_corner(coloured: Dataset, tmp_path: Path) -> None:
    table = make_table("rotations", coloured, tmp_path / "out", seed=0, settings={})
    rows = rows_of(table)
    angles = np.array([float(row["angle"]) for row in rows])
    assert len(set(angles)) > 50
    assert -45 <= angles.min() < -20
    assert 20 < angles.max() <= 45
    for row in rows:
        pixels = np.asarray(Image.open(table.parent / row["image"])).reshape(-1, 3)
        assert len(np.unique(pixels, axis=0)) == 1  # the black outside would be another colour
        assert pixels.shape == (29 * 29, 3)


def test_brightness_is_the_mean_luminance(coloured: Dataset, tmp_path: Path) -> None:
    rows = rows_of(make_table("brightness", coloured, tmp_path / "out", seed=0, settings={}))
    assert len(rows) == len(coloured)
    for row in rows[:5]:
        grey = np.asarray(Image.open(tmp_path / "out" / row["image"]).convert("L"), dtype=float)
        assert float(row["brightness"]) == pytest.approx(grey.mean(), abs=0.006)


@pytest.mark.parametrize("name", MAKERS)
def test_a_table_is_read_with_its_target(coloured: Dataset, tmp_path: Path, name: str) -> None:
    table = make_table(name, coloured, tmp_path / "out", seed=0, settings={})
    columns = Columns(target=MAKERS[name].target)
    found = read(table, readers=load().readers.items, columns=columns)
    assert found.target.kind == MAKERS[name].target
    assert set(found.table["part"]) == {"train", "test"}
    named = (MAKERS[name].label,) if name != "collages" else tuple(COLOURS)
    assert found.target.names == named


def test_wrong_settings_and_missing_parts_are_errors(coloured: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'objects'"):
        make_table("collages", coloured, tmp_path / "a", seed=0, settings={"object": 2})
    with pytest.raises(UnknownName, match="Did you mean 'rotations'"):
        make_table("rotation", coloured, tmp_path / "a", seed=0, settings={})
    with pytest.raises(BenchError, match="objects must be from 1 to the smaller of 4"):
        make_table("collages", coloured, tmp_path / "a", seed=0, settings={"objects": [4]})
    train = coloured.table[coloured.table["part"] == "train"]
    alone = Dataset(
        table=pd.DataFrame(train).reset_index(drop=True),
        openers=[coloured.openers[row] for row in train.index],
        target=coloured.target,
        digest="",
    )
    with pytest.raises(BenchError, match="got no test part"):
        make_table("brightness", alone, tmp_path / "b", seed=0, settings={})
