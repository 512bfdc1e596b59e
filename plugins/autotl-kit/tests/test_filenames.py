import re

import pytest
from autotl_kit.filenames import FileNames
from PIL import Image

from autotl import plugins
from autotl.api import Columns
from autotl.data import read
from autotl.errors import DataError
from autotl.testing import ReaderChecks


class TestFileNames(ReaderChecks):
    reader = FileNames()

    def source(self, pictures, folder):
        for number, (image, label) in enumerate(pictures):
            image.save(folder / f"{label}_{number:03d}.png")
        return folder


def fill(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(folder / name)


def test_common_ways_to_number_files_are_read(tmp_path):
    fill(tmp_path, "cat_001.jpg", "great_pyrenees-12.png", "dog.7.jpg", "fox (3).jpg", "x2 4.png")
    labels = [item.target for item in FileNames().read(tmp_path, Columns()).items]
    assert labels == ["cat", "dog", "fox", "great_pyrenees", "x2"]


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("cat/1.png", "dog/2.png"), "fewer than two classes"),
        (("cat_1.png", "dog_2.png", "more/cat_3.png"), "folders with images"),
        (("cat_1.png", "dog.png"), r"the name of dog\.png is not a class and a number"),
        (("IMG_0001.png", "IMG_0002.png"), "only 'IMG'"),
    ],
)
def test_other_folders_are_not_read(tmp_path, names, why):
    fill(tmp_path, *names)
    answer = FileNames().reads(tmp_path)
    assert not answer
    assert re.search(why, answer.why)


def test_a_folder_with_a_table_is_not_read(tmp_path):
    fill(tmp_path, "cat_1.png", "dog_2.png")
    (tmp_path / "labels.csv").write_text("file,label\n")
    assert "labels.csv" in FileNames().reads(tmp_path).why


def test_the_built_in_readers_do_not_read_such_folders(tmp_path):
    fill(tmp_path / "flat", "cat_1.png", "dog_2.png")
    builtin = plugins.load(without=["filenames"]).readers.items
    with pytest.raises(DataError):
        read(tmp_path / "flat", readers=builtin)
    assert FileNames().reads(tmp_path / "flat")


def test_class_folders_are_read_by_the_built_in_reader(tmp_path):
    fill(tmp_path, "a/cat_1.png", "b/dog_2.png")
    assert read(tmp_path, readers=plugins.load().readers.items).classes == ("a", "b")
