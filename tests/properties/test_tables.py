"""Check that every table is read as written, or is an error with a reason."""

from __future__ import annotations

import csv
import string
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from autotl.api import Columns
from autotl.builtin.readers.tables import Tables
from autotl.errors import DataError

IMAGES = 6
letters = st.text(string.ascii_letters + string.digits + " _-äß猫", min_size=1, max_size=8)
cells = st.text(max_size=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("table")
    for number in range(IMAGES):
        Image.fromarray(np.full((4, 4, 3), 40 * number, np.uint8)).save(place / f"{number}.png")
    return place


def written(folder: Path, rows: list[list[str]], separator: str) -> Path:
    with (folder / "data.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    return folder / "data.csv"


@given(labels=st.lists(letters, min_size=IMAGES, max_size=IMAGES), separator=st.sampled_from(",;\t"))
def test_labels_are_read_as_they_are_written(folder: Path, labels: list[str], separator: str) -> None:
    rows = [["image", "label"], *([f"{i}.png", label] for i, label in enumerate(labels))]
    path = written(folder, rows, separator)
    try:
        listing = Tables().read(path, Columns(image="image", label="label"))
    except DataError:
        return
    assert [item.target for item in listing.items] == [label.strip() for label in labels]
    assert [item.name for item in listing.items] == [f"{i}.png" for i in range(IMAGES)]


@given(
    table=st.lists(st.lists(cells, min_size=1, max_size=4), min_size=1, max_size=6),
    separator=st.sampled_from(",;\t"),
)
def test_any_cells_give_rows_or_an_error(folder: Path, table: list[list[str]], separator: str) -> None:
    path = written(folder, table, separator)
    try:
        listing = Tables().read(path, Columns())
    except DataError:
        return
    assert all(item.target for item in listing.items)


@given(content=st.binary(max_size=300))
def test_any_bytes_give_rows_or_an_error(folder: Path, content: bytes) -> None:
    (folder / "raw.csv").write_bytes(content)
    with suppress(DataError):
        Tables().read(folder / "raw.csv", Columns())
