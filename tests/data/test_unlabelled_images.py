"""Images without labels are listed."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autotl.builtin.readers.arrays import Arrays
from autotl.data import image_openers, image_paths
from autotl.errors import DataError


@pytest.fixture
def loose(tmp_path: Path) -> Path:
    for name in ("source/b.png", "source/a.png", "deep/er/c.png", ".hidden/d.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (3, 2), len(name)).save(tmp_path / name)
    (tmp_path / "notes.txt").touch()
    return tmp_path


def test_images_anywhere_below_a_folder_are_found_in_order(loose: Path) -> None:
    found = [each.relative_to(loose).as_posix() for each in image_paths(loose)]
    assert found == ["deep/er/c.png", "source/a.png", "source/b.png"]
    assert image_paths(loose / "source/b.png") == [loose / "source/b.png"]


def test_no_images_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no images"):
        image_paths(tmp_path)
    with pytest.raises(DataError, match="There is no"):
        image_paths(tmp_path / "gone")


def test_a_source_needs_no_labels_in_a_folder_or_a_zip(loose: Path) -> None:
    with zipfile.ZipFile(loose / "source.zip", "w") as archive:
        for name in ("source/a.png", "source/b.png", ".hidden/d.png", "notes.txt"):
            archive.write(loose / name, name)
    for source in (loose / "source", str(loose / "source.zip")):
        assert [opener().size for opener in image_openers(source, readers={})] == [(3, 2)] * 2
    with zipfile.ZipFile(loose / "none.zip", "w") as archive:
        archive.writestr("readme.txt", "")
    with pytest.raises(DataError, match="holds no images"):
        image_openers(loose / "none.zip", readers={})


def test_other_sources_are_read_as_data_is() -> None:
    images = np.arange(4 * 2 * 3, dtype=np.uint8).reshape(4, 2, 3)
    found = image_openers((images, [0, 1, 0, 1]), readers={"arrays": Arrays()})
    assert [opener().mode for opener in found] == ["RGB"] * 4


def test_a_source_may_be_a_list_or_arrays(loose: Path) -> None:
    pictures = [Image.new("L", (3, 2), number) for number in range(4)]
    for source in (pictures, [loose / "source/a.png"] * 4, np.zeros((4, 2, 3, 3), dtype=np.uint8)):
        found = image_openers(source, readers={"arrays": Arrays()})
        assert [(each().mode, each().size) for each in found] == [("RGB", (3, 2))] * 4
