"""A missing label is refused, or is a class that a note counts; never a class in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autotl.errors import DataError
from tests.cases.pictures import flat, folders, found, pixels


def frame(here: Path, labels: Any) -> pd.DataFrame:
    return pd.DataFrame({"image": flat(here), "label": labels})


@pytest.mark.parametrize(
    "word",
    [
        "#N/D",
        "#NV",
        "#BEZUG!",
        "#NAME?",
        "#DIV/0!",
        "(blank)",
        "<unset>",
        "\u200b",
        "\xa0",
        "\ufeff",
        " nan ",
    ],
    ids=ascii,
)
def test_what_spreadsheets_write_is_missing(here: Path, word: str) -> None:
    with pytest.raises(DataError, match="2 of 8 labels are missing"):
        found(frame(here, ["a", "b", "a", word] * 2))


@pytest.mark.parametrize(
    "labels",
    [
        pd.Categorical([*"aabbaab", None]),
        pd.array([*"aabbaab", pd.NA], dtype="string"),
        pd.array([1, 1, 2, 2, 1, 1, 2, pd.NA], dtype="Int64"),
        pd.array([True, True, False, False, True, True, False, pd.NA], dtype="boolean"),
        [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, float("nan")],
        [*"aabbaab", pd.NaT],
        [*"aabbaab", "nan"],
    ],
    ids=["categorical", "string", "Int64", "boolean", "float", "NaT", "text-nan"],
)
@pytest.mark.parametrize("form", ["frame", "parquet"])
def test_nulls_of_every_column_type_are_missing(here: Path, labels: Any, form: str) -> None:
    source: object = frame(here, labels)
    if form == "parquet":
        pytest.importorskip("pyarrow")
        rows = frame(here, labels)
        rows["label"] = rows["label"].where(rows["label"].notna(), None)
        rows.to_parquet(here / "rows.parquet")
        source = here / "rows.parquet"
    with pytest.raises(DataError, match="1 of 8 labels are missing: row 8"):
        found(source)


@pytest.mark.parametrize(
    "labels",
    [
        np.ma.masked_array([0, 1] * 4, mask=[1, 0, 0, 0, 0, 0, 0, 0]),
        [None, *"abababa"],
        [float("nan"), *[1, 2] * 3, 1],
    ],
    ids=["masked", "None", "nan"],
)
def test_missing_labels_of_arrays_are_missing(labels: Any) -> None:
    images = np.stack([pixels(number % 2, number) for number in range(8)])
    with pytest.raises(DataError, match="1 of 8 labels are missing: image 0"):
        found((images, labels))


WORDS = ["-", "--", "—", "?", "...", ".", "[]", "none", "NIL", "TBD", "unknown", "not labeled", "N\\A"]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("form", ["table", "pairs", "arrays"])
def test_what_may_be_missing_is_counted(here: Path, word: str, form: str) -> None:
    labels = ["a", "b", "a", word] * 2
    names = flat(here)
    images = np.stack([pixels(number % 2, number) for number in range(8)])
    source: object = {
        "table": pd.DataFrame({"image": names, "label": labels}),
        "pairs": (names, labels),
        "arrays": (images, labels),
    }[form]
    assert f"2 of 8 images have the label {word!r}, which is used as a class" in found(source).notes


def test_minus_one_beside_classes_from_0_is_counted(here: Path) -> None:
    assert "2 of 8 images have the label '-1'" in found(frame(here, [0, 1, 2, -1] * 2)).notes
    assert "used as a class" not in found(frame(here, [1, -1] * 4)).notes


def test_a_folder_of_images_without_labels_beside_classes_is_counted(here: Path) -> None:
    told = found(folders(here / "photos", "cat", "dog", "unlabeled"))
    assert "3 of 9 images have the label 'unlabeled'" in told.notes
