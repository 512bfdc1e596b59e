"""ZIP files that lie, hold other archives, or hold one name twice."""

from __future__ import annotations

import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from autotl.data import prediction_images
from autotl.errors import DataError
from tests.cases.pictures import READERS, found, png

ENTRIES = [(f"{'ab'[kind]}/{number}.png", png(kind, number)) for kind in (0, 1) for number in range(25)]
CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


def zipped(path: Path, *more: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive, pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)  # of names that come twice
        for name, content in (*ENTRIES, *more):
            archive.writestr(name, content)
    return path


def edited(path: Path, mark: bytes, at: int, value: bytes) -> Path:
    """Overwrite bytes of the first record that begins with a mark."""
    content = bytearray(zipped(path).read_bytes())
    start = content.index(mark) + at
    content[start : start + len(value)] = value
    path.write_bytes(content)
    return path


def linked(path: Path) -> Path:
    zipped(path)
    info = zipfile.ZipInfo("a/link.png")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    return path


SOUND: dict[str, tuple[Callable[[Path], Path], int]] = {
    "same-name-twice": (lambda path: zipped(path, ("a/0.png", png(0, 99))), 25),
    "two-slashes": (lambda path: zipped(path, ("a//x.png", png(0, 99)), ("./a/y.png", png(0, 98))), 27),
    "script-in-front": (lambda path: _around(path, b"#!/bin/sh\n" * 9, b""), 25),
    "bytes-at-the-end": (lambda path: _around(path, b"", bytes(99)), 25),
    "zero-in-a-name": (lambda path: zipped(path, ("a/x\0y.png", png(0, 99))), 25),
    "folders-alone": (lambda path: zipped(path, ("c/", b""), ("d/", b"")), 25),
    "number-of-entries": (lambda path: edited(path, END, 8, b"\xff\xff\xff\xff"), 25),
}


def _around(path: Path, before: bytes, after: bytes) -> Path:
    path.write_bytes(before + zipped(path).read_bytes() + after)
    return path


@pytest.mark.parametrize("form", SOUND)
def test_a_sound_archive_is_read(here: Path, form: str) -> None:
    make, images = SOUND[form]
    told = found(make(here / "data.zip"))
    assert told.labels == {"a": images, "b": 25}
    assert told.unreadable == {}


ONE_BROKEN: dict[str, tuple[Callable[[Path], Path], str]] = {
    "link": (linked, "not an image of a known format"),
    "size-of-another-kind": (lambda path: edited(path, CENTRAL, 24, b"\xff" * 4), "bytes or less"),
    "packed-size": (lambda path: edited(path, CENTRAL, 20, struct.pack("<II", 2**31 - 16, 100)), "CRC"),
    "place": (lambda path: edited(path, CENTRAL, 42, struct.pack("<I", 2**31 - 16)), "header"),
    "method": (lambda path: edited(path, CENTRAL, 10, b"\x60"), "not compressed by deflate"),
    "check-sum": (lambda path: edited(path, CENTRAL, 16, bytes(4)), "CRC"),
    "own-header": (lambda path: edited(path, LOCAL, 0, b"XX"), "file header"),
}  # fmt: skip


@pytest.mark.parametrize("form", ONE_BROKEN)
def test_an_entry_that_lies_costs_itself(here: Path, form: str) -> None:
    make, why = ONE_BROKEN[form]
    path = make(here / "data.zip")
    told = found(path)
    assert sum(told.labels.values()) in (49, 50)
    assert [why in each for each in told.unreadable.values()] == [True]
    opened = 0
    for picture in prediction_images(str(path), readers=lambda: READERS):
        try:
            picture.open()
            opened += 1
        except (DataError, OSError, zipfile.BadZipFile):
            continue
    assert opened == sum(told.labels.values())


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "archive-inside": (lambda path: _only(path, ("data.zip", zipped(path).read_bytes())), "no images"),
    "archive-for-each-class": (lambda path: _only(path, ("a.zip", b"PK"), ("b.zip", b"PK")), "no images"),
    "archive-in-a-class": (lambda path: zipped(path, ("c/more.zip", b"PK")), "folder c with no image"),
    "empty": (lambda path: _only(path), "holds no images"),
    "folders-alone": (lambda path: _only(path, ("a/", b""), ("b/", b"")), "holds no images"),
    "cut-short": (lambda path: _cut(path), "cannot be opened as a .zip file"),
    "another-kind": (lambda path: _written(path, b"Rar!\x1a\x07\0"), "cannot be opened as a .zip file"),
    "newer-version": (lambda path: edited(path, CENTRAL, 6, b"\x63"), "zip file version 9.9"),
    "broken-name": (lambda path: _bad_name(path), "codec"),
    "place-of-the-list": (lambda path: edited(path, END, 16, struct.pack("<I", 2**32 - 16)), "50 of 50"),
}  # fmt: skip


def _only(path: Path, *entries: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def _cut(path: Path) -> Path:
    return _written(path, zipped(path).read_bytes()[:-100])


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _bad_name(path: Path) -> Path:
    """Names that are marked as UTF-8 and are not."""
    _only(path, ("caf\u00e9/1.png", png(0)), ("tea/1.png", png(1)))
    return _written(path, path.read_bytes().replace("\u00e9".encode(), b"\xe9\xe9"))


@pytest.mark.parametrize("form", REFUSED)
def test_an_archive_that_cannot_be_read_is_refused(here: Path, form: str) -> None:
    make, why = REFUSED[form]
    with pytest.raises(DataError, match=why):
        found(make(here / "data.zip"))
