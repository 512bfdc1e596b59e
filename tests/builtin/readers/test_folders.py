"""Folders of images."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from autotl.api import Columns
from autotl.builtin.readers.folders import Folders
from autotl.errors import DataError
from autotl.testing.reader import Pictures, ReaderChecks


class TestFolders(ReaderChecks):
    reader = Folders()

    def source(self, pictures: Pictures, folder: Path) -> object:
        for number, (image, label) in enumerate(pictures):
            (folder / label).mkdir(exist_ok=True)
            image.save(folder / label / f"{number}.png")
        return folder


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    real, root = tmp_path / "real", tmp_path / "root"
    (root / "dog").mkdir(parents=True)
    real.mkdir()
    Image.new("RGB", (2, 2)).save(real / "1.png")
    Image.new("RGB", (2, 2)).save(root / "dog" / "2.png")
    (root / "cat").symlink_to(real)
    (root / "dog" / "loop").symlink_to(root)
    listing = Folders().read(root, Columns())
    assert [(item.name, item.target) for item in listing.items] == [
        ("cat/1.png", "cat"),
        ("dog/2.png", "dog"),
    ]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no images"):
        Folders().read(tmp_path, Columns())
