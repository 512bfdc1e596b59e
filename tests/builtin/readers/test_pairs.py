"""Lists of paths or images with their labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from autotl.api import Columns
from autotl.builtin.readers.arrays import Arrays
from autotl.builtin.readers.pairs import Pairs
from autotl.errors import DataError
from autotl.testing.reader import Pictures, ReaderChecks


def saved(pictures: Pictures, folder: Path) -> list[Path]:
    for number, (image, _) in enumerate(pictures):
        image.save(folder / f"{number}.png")
    return [folder / f"{number}.png" for number in range(len(pictures))]


class TestPaths(ReaderChecks):
    reader = Pairs()

    def source(self, pictures: Pictures, folder: Path) -> object:
        return saved(pictures, folder), [label for _, label in pictures]


class TestImages(ReaderChecks):
    reader = Pairs()

    def source(self, pictures: Pictures, folder: Path) -> object:
        return [image for image, _ in pictures], np.array([label for _, label in pictures])


class TestRows(ReaderChecks):
    reader = Pairs()

    def source(self, pictures: Pictures, folder: Path) -> object:
        paths = saved(pictures, folder)
        return [(str(path), label) for path, (_, label) in zip(paths, pictures, strict=True)]


PATHS = ["a.png", "b.png"]


@pytest.mark.parametrize(
    "images", [np.array(PATHS), np.array(PATHS, dtype=object), pd.Series(PATHS), pd.Index(PATHS)]
)
def test_columns_of_paths_are_lists(images: object) -> None:
    assert not Arrays().reads((images, [0, 1]))
    listing = Pairs().read((images, [0, 1]), Columns())
    assert [(item.name, item.target) for item in listing.items] == [("a.png", "0"), ("b.png", "1")]


def test_two_rows_and_two_columns_are_distinguished() -> None:
    for source in (([*PATHS], ["x", "y"]), [("a.png", "x"), ("b.png", "y")]):
        listing = Pairs().read(source, Columns())
        assert [(item.name, item.target) for item in listing.items] == [("a.png", "x"), ("b.png", "y")]


def test_other_numbers_of_labels_and_missing_ones_are_refused() -> None:
    with pytest.raises(DataError, match="got 2 and 3"):
        Pairs().read((PATHS, [0, 1, 0]), Columns())
    with pytest.raises(DataError, match=r"1 of 2 labels are missing: image 1 .NULL."):
        Pairs().read((PATHS, ["x", "NULL"]), Columns())


def test_an_image_may_still_read_its_file(tmp_path: Path) -> None:
    (path,) = saved([(Image.new("RGB", (5, 4)), "x")], tmp_path)
    items = Pairs().read(([Image.open(path), Image.open(path)], [0, 1]), Columns()).items
    assert [item.open().size for item in items] == [(5, 4)] * 2
