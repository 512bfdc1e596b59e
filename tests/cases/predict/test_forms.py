"""What people hand over to a model, besides arrays, is labelled or refused in words."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

from autotl.errors import DataError
from autotl.results.by_target.prediction_rows import PredictionOptions
from autotl.results.predictions import prediction_table
from tests.cases.pictures import READERS, Brightness

ANSWERS = ["dark", "light", "light", "dark"]


@pytest.fixture
def new(here: Path) -> list[Path]:
    (here / "new").mkdir()
    files = [here / f"new/{number}.png" for number in range(4)]
    for file, value in zip(files, (20, 230, 230, 20), strict=True):
        Image.new("RGB", (9, 9), (value,) * 3).save(file)
    return files


def table(images: Any, **asked: Any) -> pd.DataFrame:
    return prediction_table(images, Brightness(), PredictionOptions(readers=lambda: READERS, **asked))


def zipped(files: list[Path]) -> str:
    with zipfile.ZipFile("new.zip", "w") as archive:
        for file in files:
            archive.write(file, file.name)
    return "new.zip"


def just_saved(files: list[Path]) -> list[io.BytesIO]:
    streams = [io.BytesIO() for _ in files]
    for stream, file in zip(streams, files, strict=True):
        Image.open(file).save(stream, "PNG")
    return streams


def sheet(files: list[Path]) -> str:
    Path("new.csv").write_text("sep=;\nimage;place\n" + "".join(f"{file};here\n" for file in files))
    return "new.csv"


FORMS: dict[str, Callable[[list[Path]], Any]] = {
    "folder": lambda files: files[0].parent,
    "current-folder": lambda files: ".",
    "entries": lambda files: sorted(os.scandir("new"), key=lambda entry: entry.name),
    "keys": lambda files: dict.fromkeys(map(str, files)).keys(),
    "values": lambda files: {number: str(file) for number, file in enumerate(files)}.values(),
    "series": lambda files: pd.Series(list(map(str, files))),
    "index": lambda files: pd.Index(list(map(str, files))),
    "array-of-names": lambda files: np.array(list(map(str, files))),
    "table": sheet,
    "zip": zipped,
    "streams-at-their-end": just_saved,
    "bytes": lambda files: [file.read_bytes() for file in files],
    "bytearrays": lambda files: [bytearray(file.read_bytes()) for file in files],
    "pictures-not-yet-loaded": lambda files: [Image.open(file) for file in files],
    "batches": lambda files: DataLoader([np.array(Image.open(file)) for file in files], batch_size=3),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_form_is_labelled(new: list[Path], form: str) -> None:
    found = table(FORMS[form](new))
    assert found["label"].tolist() == ANSWERS
    assert set(found["error"]) == {""}


REFUSED: dict[str, tuple[Callable[[list[Path]], Any], str]] = {
    "empty-generator": (lambda files: (each for each in ()), "no image was given"),
    "empty-list": (lambda files: [], "no image was given"),
    "empty-set": (lambda files: set(), "no image was given"),
    "dict": (lambda files: {"a": str(files[0])}, "got the type dict"),
    "number": (lambda files: 3, "got the type int"),
    "numbers": (lambda files: range(3), "image 0 .*got the type int"),
    "lists-in-a-list": (
        lambda files: [[str(file)] for file in files],
        "image 0 .*got the type list",
    ),
    "paths-with-labels": (
        lambda files: [(str(file), "a") for file in files],
        "image 0 .*got the type tuple",
    ),
    "enumerated": (lambda files: enumerate(map(str, files)), "image 0 .*got the type tuple"),
    "images-and-labels": (lambda files: (list(map(str, files)), list("abab")), "Give the images alone"),
    "batches-with-labels": (
        lambda files: DataLoader(TensorDataset(torch.zeros(2, 3, 4, 4), torch.zeros(2))),
        "image 0 .*got the type list",
    ),
    "nothing": (lambda files: "", "no image is given"),
    "pattern": (lambda files: "new/*.png", "no such file"),
    "address": (lambda files: "https://example.org/a.png", "no such file"),
    "name-with-a-zero": (lambda files: "a\0b.png", "No image can be read"),
    "name-in-bytes": (lambda files: b"new/0.png", "not an image of a known format"),
    "bytes-of-a-zip": (lambda files: Path(zipped(files)).read_bytes(), "not an image of a known format"),
    "text-file": (lambda files: io.StringIO("x"), "opened as text"),
    "closed-file": (lambda files: _closed(files[0]), "closed file"),
    "closed-picture": (lambda files: _closed_picture(files[0]), "closed image"),
}


def _closed(path: Path) -> Any:
    with path.open("rb") as file:
        return file


def _closed_picture(path: Path) -> Image.Image:
    image = Image.open(path)
    image.close()
    return image


@pytest.mark.parametrize("form", REFUSED)
def test_the_form_is_refused(new: list[Path], form: str) -> None:
    give, why = REFUSED[form]
    with pytest.raises(DataError, match=why):
        table(give(new))


def test_an_error_in_the_users_generator_is_the_users(new: list[Path]) -> None:
    def broken() -> Any:
        yield str(new[0])
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        table(broken())
