"""Columns state the part of each row."""

from __future__ import annotations

import pandas as pd
import pytest

from autotl.api import Columns, Listing
from autotl.builtin.readers.tables import Tables
from autotl.errors import DataError


def listing(**columns: list[object]) -> Listing:
    rows = {"image": [f"{row}.png" for row in range(6)], "kind": list("xyxyxy"), **columns}
    return Tables().read(pd.DataFrame(rows), Columns(image="image"))


def parts(found: Listing) -> list[str | None]:
    assert [item.target for item in found.items] == list("xyxyxy")
    return [item.part for item in found.items]


@pytest.mark.parametrize("name", ["split", "Usage", "Dataset_type", "anything"])
def test_a_column_of_names_of_parts_is_kept_whatever_it_is_called(name: str) -> None:
    values: list[object] = ["Training", "Training", "Training", "Training", "PublicTest", "validation"]
    found = listing(**{name: values})
    assert parts(found) == ["train"] * 4 + ["test", "val"]
    assert (
        f"The split in the column {name!r} is kept: PublicTest is test, Training is train, validation is val."
        in found.notes
    )


@pytest.mark.parametrize("yes", [True, 1, 1.0, "True", "1"])
@pytest.mark.parametrize(
    ("name", "true", "false"),
    [
        ("is_valid", "val", "train"),
        ("is_test", "test", "train"),
        ("isTrain", "train", "test"),
        ("holdout", "test", "train"),
    ],
)
def test_a_column_that_asks_for_a_part_is_kept(name: str, true: str, false: str, yes: object) -> None:
    no = {"True": "False", "1": "0"}.get(yes, "") if isinstance(yes, str) else type(yes)(0)
    assert parts(listing(**{name: [yes, no, no, no, no, yes]})) == [true, *[false] * 4, true]


def test_several_such_columns_are_read_together() -> None:
    found = listing(is_valid=[1, 0, 0, 0, 0, 0], is_test=[0, 1, 0, 0, 0, 0])
    assert parts(found) == ["val", "test", "train", "train", "train", "train"]
    with pytest.raises(DataError, match="got test and val for row 1"):
        listing(is_valid=[1, 0, 0, 0, 0, 0], is_test=[1, 0, 0, 0, 0, 0])


def test_a_column_of_parts_is_never_the_label() -> None:
    for column in ({"Dataset_type": ["TRAIN", "TEST"] * 3}, {"is_valid": [0, 1] * 3}):
        rows = pd.DataFrame({"image": [f"{row}.png" for row in range(6)], **column})
        with pytest.raises(DataError, match="no column can be the labels"):
            Tables().read(rows, Columns())


def test_a_split_with_other_values_is_refused_by_name() -> None:
    with pytest.raises(
        DataError, match=r"column 'split' must hold only names of parts .got other values in 1 rows: extra"
    ):
        listing(split=["train", "test", "train", "train", "train", "extra"])


def test_folds_are_ignored_with_a_note() -> None:
    found = listing(fold=[0, 1, 2, 0, 1, 2])
    assert parts(found) == [None] * 6
    assert any("Ignored the column fold" in note for note in found.notes)


def test_vehicles_may_be_called_train() -> None:
    rows = pd.DataFrame({"image": [f"{row}.png" for row in range(6)], "kind": ["train", "bus", "car"] * 2})
    assert [item.target for item in Tables().read(rows, Columns()).items] == ["train", "bus", "car"] * 2


def test_a_column_called_valid_may_mean_that_an_image_is_sound() -> None:
    found = listing(valid=[1, 1, 1, 1, 1, 0])
    assert parts(found) == [None] * 6
    assert "Ignored the column 'valid': if it marks the validation part, call it is_valid." in found.notes
