"""Image files that tables name in many ways."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from autotl.api import Columns, Listing
from autotl.builtin.readers.folders import Folders
from autotl.builtin.readers.tables import Tables
from autotl.data import read
from autotl.errors import DataError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for number in range(6):
        for name in (f"comp/train_images/a{number}.jpg", f"comp/extra/b{number}.PNG"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (number + 1, 3)).save(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(path: Path, form: str, *, header: str = "image,label") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{form.format(number)},{'xy'[number % 2]}" for number in range(6)]
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def widths(listing: Listing) -> list[int]:
    assert [item.target for item in listing.items] == list("xyxyxy")
    return [item.open().width for item in listing.items]


@pytest.mark.parametrize(
    ("where", "form", "header"),
    [
        ("comp/train.csv", "a{}", "id_code,diagnosis"),
        ("comp/train.csv", "a{}.jpg", "image_id,label"),
        ("comp/train.csv", "a{}.JPG", "image_id,label"),
        ("comp/train.csv", "train_images/a{}.JPG", "image,label"),
        ("comp/train.csv", "extra/b{}.png", "image,label"),
        ("comp/train.csv", "/somewhere/else/a{}.jpg", "image,label"),
        ("comp/train.csv", "C:\\\\Users\\\\me\\\\comp\\\\train_images\\\\a{}.jpg", "image,label"),
        ("comp/train.csv", "/train_images/a{}.jpg", "image,label"),
        ("lists/train.csv", "comp/train_images/a{}.jpg", "image,label"),
        ("lists/train.csv", "comp/extra/b{}.png", "image,label"),
        ("lists/train.csv", "D:\\\\work\\\\comp\\\\train_images\\\\a{}.jpg", "image,label"),
    ],
)
def test_the_images_of_identifiers_are_found(here: Path, where: str, form: str, header: str) -> None:
    path = table(here / where, form.replace("\\\\", "\\"), header=header)
    assert widths(Tables().read(path, Columns())) == [1, 2, 3, 4, 5, 6]


def test_numbers_may_name_images(here: Path) -> None:
    for number in range(6):
        Image.new("RGB", (number + 1, 3)).save(here / f"comp/{number}.png")
    frame = pd.DataFrame({"id": range(6), "kind": list("xyxyxy")})
    assert widths(Tables().read(frame, Columns())) == [1, 2, 3, 4, 5, 6]


def test_places_of_found_images_are_noted(here: Path) -> None:
    notes = Tables().read(table(here / "comp/train.csv", "a{}"), Columns()).notes
    assert f"Found images that the table names below {here / 'comp'}: train_images 6." in notes
    notes = Tables().read(table(here / "lists/t.csv", "comp/train_images/a{}.jpg"), Columns()).notes
    assert any("6 paths of images start from the current folder" in note for note in notes)


def test_another_folder_of_the_same_file_names_is_not_taken(here: Path) -> None:
    with pytest.raises(
        DataError, match=r"cats/a0.jpg .no such file in .*comp and the folders below it or in"
    ):
        read(table(here / "comp/train.csv", "cats/a{}.jpg"), readers={"tables": Tables()})


def test_the_folder_called_as_the_table_wins_and_a_tie_is_refused(here: Path) -> None:
    for number in range(6):
        (here / "comp/test_images").mkdir(exist_ok=True)
        Image.new("RGB", (50, 3)).save(here / f"comp/test_images/a{number}.jpg")
    assert widths(Tables().read(table(here / "comp/train.csv", "a{}"), Columns())) == [1, 2, 3, 4, 5, 6]
    assert widths(Tables().read(table(here / "comp/test.csv", "a{}"), Columns())) == [50] * 6
    with pytest.raises(
        DataError, match=r"'a0' must name one file below .* may be test_images/a0.jpg or train_images/a0.jpg"
    ):
        Tables().read(table(here / "comp/all.csv", "a{}"), Columns())


def test_an_error_names_images_that_exist(here: Path) -> None:
    path = table(here / "comp/train.csv", "unknown{}", header="id_code,label")
    with pytest.raises(DataError, match=r"Below .*comp are 12 images, such as extra/b0.PNG"):
        Tables().read(path, Columns())


def test_a_folder_with_a_table_points_to_the_table(here: Path) -> None:
    table(here / "comp/train.csv", "a{}")
    for image in (here / "comp/extra").iterdir():
        image.unlink()
    with pytest.raises(DataError, match=r"train_images .*If train.csv holds the labels, give that file"):
        Folders().read(here / "comp", Columns())


def test_links_to_folders_of_images_are_followed_but_not_in_circles(here: Path) -> None:
    (here / "lists").mkdir()
    (here / "lists/pictures").symlink_to(here / "comp/train_images")
    (here / "lists/loop").symlink_to(here / "lists")
    assert widths(Tables().read(table(here / "lists/t.csv", "a{}"), Columns())) == [1, 2, 3, 4, 5, 6]


def test_one_file_is_not_taken_for_two_rows(here: Path) -> None:
    """The rows name images of two folders, and only the bare name is there."""
    (here / "flat").mkdir()
    Image.new("RGB", (3, 3)).save(here / "flat/1.jpg")
    table = here / "flat/train.csv"
    table.write_text("image,label\ncat/1.jpg,cat\ndog/1.jpg,dog\n")
    listing = Tables().read(table, Columns())
    for item in listing.items:
        with pytest.raises(DataError, match="no such file"):
            item.open()
