"""Data that no reader reads is refused with what can be read."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autotl.data import check_path
from autotl.errors import DataError
from tests.cases.pictures import flat, found, pixels

IMAGES = np.stack([pixels(number % 2, number) for number in range(4)])


def packed(here: Path) -> str:
    flat(here / "photos/a", each=2)
    with tarfile.open("photos.tar.gz", "w:gz") as archive:
        archive.add("photos")
    return "photos.tar.gz"


def pipe(here: Path) -> str:
    if not hasattr(os, "mkfifo"):
        pytest.skip("the system has no named pipes")
    os.mkfifo("photos.zip")
    return "photos.zip"


SOURCES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no-name": (lambda here: "", "The data must be a path .got ''"),
    "zero-in-a-name": (lambda here: "a\0b", r"The data must be a path .got 'a\\x00b'"),
    "entry-of-bytes": (lambda here: _entry(here), "The data must be a path"),
    "pattern": (lambda here: "*.png", r"There is no \*\.png"),
    "address": (lambda here: "https://example.org/data.zip", "There is no https:/example.org"),
    "long-name": (lambda here: "x" * 5000, "cannot be read: File name too long"),
    "device": (lambda here: "/dev/null", "No reader reads /dev/null"),
    "pipe": (pipe, "No reader reads photos.zip"),
    "tar": (packed, "No reader reads photos.tar.gz"),
    "image": (lambda here: flat(here)[0], "No reader reads 0.png"),
    "nothing": (lambda here: None, "reads the given NoneType"),
    "number": (lambda here: 3, "reads the given int"),
    "bytes": (lambda here: b"photos", "reads the given bytes"),
    "dict": (lambda here: {"a": ["1.png"]}, "reads the given dict"),
    "generator": (lambda here: (each for each in ()), "reads the given generator"),
    "empty-list": (lambda here: [], "reads the given list of 0"),
    "three-lists": (
        lambda here: (IMAGES, list("abab"), list("abab")),
        "reads the given tuple of 3",
    ),
    "four-arrays": (lambda here: (IMAGES, list("abab")) * 2, "reads the given tuple of 4"),
    "labels-first": (lambda here: (list("abab"), flat(here, each=4)), "reads the given tuple of 2"),
    "images-alone": (lambda here: IMAGES, "reads the given ndarray"),
    "rows-of-three": (
        lambda here: [(name, "a", 1) for name in flat(here)],
        "reads the given list of 8",
    ),
    "folders-in-a-list": (lambda here: (["."] * 4, list("abab")), "reads the given tuple of 2"),
}


def _entry(here: Path) -> Any:
    flat(here / "photos", each=1)
    with os.scandir(b"photos") as entries:
        return next(entries)


@pytest.mark.parametrize("form", SOURCES)
def test_the_source_is_refused(here: Path, form: str) -> None:
    make, why = SOURCES[form]
    with pytest.raises(DataError, match=why):
        found(make(here))


def test_a_folder_of_a_run_is_no_data(here: Path) -> None:
    for name in ("run.json", "split.csv"):
        (here / name).touch()
    with pytest.raises(DataError, match="is a run folder, which holds no images"):
        check_path(here)
