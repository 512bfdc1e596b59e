"""ZIP files, read in place."""

from __future__ import annotations

import io
import pickle
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from autotl.api import Columns
from autotl.builtin.readers.archive import Archive
from autotl.data import read
from autotl.errors import DataError
from autotl.testing.reader import Pictures, ReaderChecks


def png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def written(path: Path, names: list[str], **options: object) -> Path:
    with zipfile.ZipFile(path, "w", **options) as archive:
        for number, name in enumerate(names):
            archive.writestr(name, png(Image.new("RGB", (2, 2), (number, 0, 0))))
    return path


class TestArchive(ReaderChecks):
    reader = Archive()

    def source(self, pictures: Pictures, folder: Path) -> object:
        with zipfile.ZipFile(folder / "pictures.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for number, (image, label) in enumerate(pictures):
                archive.writestr(f"{label}/{number}.png", png(image))
        return folder / "pictures.zip"


def test_names_that_lead_outside_touch_nothing(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    path = written(tmp_path / "inside" / "evil.zip", ["../../cat/1.png", "/dog/2.png", "..\\..\\cat\\3.png"])
    before = sorted(tmp_path.rglob("*"))
    dataset = read(path, readers={"archive": Archive()})
    assert dataset.classes == ("cat", "dog")
    assert len(dataset) == 3
    assert sorted(tmp_path.rglob("*")) == before


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "secret.zip", ["a/1.png", "b/2.png"])
    data = bytearray(path.read_bytes())
    offset = data.index(b"PK\x01\x02")
    while offset >= 0:  # the flag in every entry of the central directory
        data[offset + 8] |= 1
        offset = data.find(b"PK\x01\x02", offset + 1)
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"is encrypted. Create"):
        Archive().read(path, Columns())


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 and then nothing", b"no archive at all"])
def test_a_corrupt_archive_is_refused(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "broken.zip").write_bytes(damage)
    with pytest.raises(DataError, match=r"cannot be opened as a .zip file"):
        Archive().read(tmp_path / "broken.zip", Columns())


def test_one_damaged_image_in_an_archive_is_unreadable_and_no_more(tmp_path: Path) -> None:
    names = [f"{label}/{n}.png" for label in "ab" for n in range(20)]
    path = written(tmp_path / "some.zip", names)
    data = bytearray(path.read_bytes())
    data[data.index(b"a/3.png") + 40] ^= 0xFF
    path.write_bytes(data)
    dataset = read(path, readers={"archive": Archive()})
    assert list(dataset.unreadable) == ["a/3.png"]
    assert len(dataset) == 39


def test_an_entry_too_large_to_be_an_image_is_not_unpacked(tmp_path: Path) -> None:
    path = written(tmp_path / "bomb.zip", ["a/1.png", "b/2.png"])
    data = bytearray(path.read_bytes())
    offset = data.index(b"PK\x01\x02")
    data[offset + 24 : offset + 28] = (2**31).to_bytes(4, "little")
    path.write_bytes(data)
    item = Archive().read(path, Columns()).items[0]
    with pytest.raises(DataError, match="got 2,147,483,648"):
        item.open()


def test_a_single_wrapping_folder_and_a_split_are_seen(tmp_path: Path) -> None:
    path = written(tmp_path / "w.zip", ["w/train/a/1.png", "w/test/b/2.png", "__MACOSX/w/train/a/._1.png"])
    assert [(item.target, item.part) for item in Archive().read(path, Columns()).items] == [
        ("b", "test"),
        ("a", "train"),
    ]


def test_openers_cross_process_borders(tmp_path: Path) -> None:
    path = written(tmp_path / "p.zip", ["a/1.png", "b/2.png"])
    item = Archive().read(path, Columns()).items[1]
    assert pickle.loads(pickle.dumps(item)).open().getpixel((0, 0)) == (1, 0, 0)


@pytest.mark.parametrize(
    ("method", "message"),
    [(zipfile.ZIP_DEFLATED, "CRC"), (zipfile.ZIP_BZIP2, "by deflate"), (zipfile.ZIP_LZMA, "by deflate")],
)
def test_an_entry_with_a_wrong_size_is_not_unpacked(tmp_path: Path, method: int, message: str) -> None:
    path = written(tmp_path / "bomb.zip", ["b/2.png"])
    with zipfile.ZipFile(path, "a", method) as archive:
        archive.writestr("a/1.png", bytes(2**26))
    data = bytearray(path.read_bytes())
    offset = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    assert data[offset + 46 : offset + 53] == b"a/1.png"
    data[offset + 24 : offset + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    item = Archive().read(path, Columns()).items[0]
    tracemalloc.start()
    with pytest.raises((DataError, zipfile.BadZipFile), match=message):
        item.open()
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()
