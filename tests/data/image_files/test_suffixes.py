"""Images with unreadable suffixes are named with advice."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from PIL import Image

from autotl.builtin.readers.archive import Archive
from autotl.builtin.readers.folders import Folders
from autotl.data import image_paths, is_image_name, open_image, read
from autotl.data.image_files.suffixes import register_heif, why_unreadable
from autotl.errors import DataError

READERS = {"folders": Folders(), "archive": Archive()}


def folder(root: Path, ending: str, *, of: int, lost: int) -> Path:
    for label in ("cat", "owl"):
        (root / label).mkdir(parents=True)
        for number in range(of):
            unreadable = label == "owl" and number < lost
            Image.new("RGB", (3, 3), (number, 9, 9)).save(root / label / f"{number}.png")
            if unreadable:
                (root / label / f"{number}.png").rename(root / label / f"{number}{ending}")
    return root


@pytest.mark.parametrize("ending", [".DNG", ".jxl", ".psd"])
@pytest.mark.parametrize("lost", [12, 8])
def test_a_class_is_kept_for_any_image_suffix(tmp_path: Path, ending: str, lost: int) -> None:
    root = folder(tmp_path / "data", ending, of=12, lost=lost)
    with pytest.raises(
        DataError, match=rf"{lost} of 24 images .* more than 5%: owl/0{ending} .*convert them"
    ):
        read(root, readers=READERS)
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        for path in root.rglob("*.*"):
            archive.write(path, path.relative_to(root))
    with pytest.raises(DataError, match=f"{lost} of 24 images"):
        read(tmp_path / "data.zip", readers=READERS)


def test_few_such_files_are_left_out_and_listed(tmp_path: Path) -> None:
    dataset = read(folder(tmp_path, ".cr2", of=30, lost=1), readers=READERS)
    assert list(dataset.unreadable) == ["owl/0.cr2"]
    assert "convert them" in dataset.unreadable["owl/0.cr2"]


def test_heic_is_read_where_its_package_is_installed_and_named_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "1.HEIC"
    if not register_heif():
        path.touch()
        with pytest.raises(DataError, match=r"\.heic files need pillow-heif: pip install 'autotl.heif.'"):
            open_image(path)
        return
    Image.new("RGB", (32, 16), "red").save(path, "HEIF")
    assert open_image(path).size == (32, 16)


def test_predictions_find_such_files_too(tmp_path: Path) -> None:
    (tmp_path / "1.dng").touch()
    assert image_paths(tmp_path) == [tmp_path / "1.dng"]


def test_other_suffixes_are_no_images() -> None:
    assert [is_image_name(name) for name in ("a.JPG", "C:\\x\\b.heic", "c.txt", "d")] == [
        True,
        True,
        False,
        False,
    ]
    assert why_unreadable("a.jpg") == ""
