"""A column that says which images are for the test is never passed over in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from autotl.errors import DataError
from tests.cases.pictures import flat, found


def table(here: Path, **columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame({"image": flat(here), "label": list("aabbaabb"), **columns})


@pytest.mark.parametrize(
    ("name", "values", "test"),
    [
        ("Split ", ["TRAIN", "test ", "TRAIN", "TEST"], 4),
        ("Datensatz", ["Training", "Test", "Training", "Test"], 4),
        ("split", ["train", "test", None, "train"], 2),
        ("is_test", ["yes", "no", "No", "YES"], 4),
        ("is_test", ["Y", "N", "n", "n"], 2),
        ("in_test", ["t", "f", "f", "f"], 2),
        ("used_for_test", ["x", None, "", " "], 2),
        ("is_test", [1, float("nan"), float("nan"), 1], 4),
        ("isTest", [1.0, 0.0, 0.0, 0.0], 2),
    ],
)
def test_the_split_is_kept(here: Path, name: str, values: list[Any], test: int) -> None:
    told = found(table(here, **{name: values * 2}))
    assert sum(n for (_, part), n in told.parts.items() if part == "test") == test
    assert f"The split in the column {name!r} is kept" in told.notes


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("is_test", ["maybe", "no", "no", "no"]),
        ("is_valid", [2, 1, 0, 1]),
        ("split", ["development", "development", "development", "holdout_set"]),
        ("split", ["tr", "tr", "te", "va"]),
        ("partition", ["entrenamiento", "prueba", "entrenamiento", "prueba"]),
        ("Fold", [0, 1, 2, 0]),
    ],
)
def test_a_split_that_cannot_be_read_is_named(here: Path, name: str, values: list[Any]) -> None:
    told = found(table(here, **{name: values * 2}))
    assert {part for _, part in told.parts} == {None}
    assert "Ignored the column" in told.notes
    assert name in told.notes
    assert "The split is made without it." in told.notes


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"split": ["train", "test", "-", "train"]}, "got other values in 2 rows: -"),
        ({"split": ["train", "validaton", "test", "train"]}, "got other values in 2 rows: validaton"),
        ({"split": ["Train", "Private", "Public", "Train"]}, "got other values in 4 rows: Private, Public"),
        ({"split": ["train", "test"] * 2, "split2": ["test", "train"] * 2}, "2 columns are possible"),
        (
            {"is_train": ["yes", "no", "no", "no"], "is_test": ["y", "y", "n", "n"]},
            "for row 1 in",
        ),
    ],
)
def test_a_split_of_two_meanings_is_refused(here: Path, columns: dict[str, Any], why: str) -> None:
    with pytest.raises(DataError, match=why):
        found(table(here, **{name: values * 2 for name, values in columns.items()}))


def test_a_column_of_yes_and_no_may_be_the_label(here: Path) -> None:
    rows = pd.DataFrame({"image": flat(here), "test": ["yes", "no"] * 4})
    assert found(rows).labels == {"yes": 4, "no": 4}
