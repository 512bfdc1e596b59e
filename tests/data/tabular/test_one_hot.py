"""Tables with a column for each class."""

from __future__ import annotations

import pandas as pd
import pytest

from autotl.api import Columns, TargetSpec
from autotl.builtin.readers.tables import Tables
from autotl.errors import DataError


def table(*columns: list[object], names: str = "ABC") -> pd.DataFrame:
    cells = {name: each for name, each in zip(names, columns, strict=True)}
    return pd.DataFrame({"image": [f"{row}.png" for row in range(len(columns[0]))], **cells})


@pytest.mark.parametrize("one", [1, 1.0, "1", " 1", "1.0", True, "True"])
def test_the_label_is_the_column_with_the_one(one: object) -> None:
    none = type(one)(0) if not isinstance(one, str) else one.replace("1", "0").replace("True", "False")
    rows = table([one, none, none, one], [none, one, none, none], [none, none, one, none])
    listing = Tables().read(rows, Columns())
    assert [item.target for item in listing.items] == ["A", "B", "C", "A"]
    assert "Used each of the columns A, B, C for a class: every row has one 1 in them." in listing.notes


def test_other_columns_beside_them_are_no_labels() -> None:
    rows = table([1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]).assign(site=["x", "x", "y", "y"])
    assert [item.target for item in Tables().read(rows, Columns()).items] == ["A", "B", "C", "A"]


def test_rows_with_another_number_of_ones_have_several_labels() -> None:
    rows = table([1, 0, 0, 1], [0, 1, 1, 0], [0, 0, 1, 0])
    listing = Tables().read(rows, Columns())
    assert [item.target for item in listing.items] == [("A",), ("B",), ("B", "C"), ("A",)]
    assert listing.target == TargetSpec("multi_label", ("A", "B", "C"))
    assert any(note.startswith("Used each of the columns A, B, C for a label") for note in listing.notes)
    with pytest.raises(DataError, match=r"in 1 of 4 rows: row 3\)"):
        Tables().read(rows, Columns(target="single_label"))


def test_two_columns_of_zero_and_one_beside_others_are_no_evidence() -> None:
    rows = table([1, 0, 0, 1], [0, 1, 1, 0], ["x", "x", "y", "y"])
    with pytest.raises(DataError, match="3 columns are possible"):
        Tables().read(rows, Columns())


def test_a_named_column_is_learned_alone() -> None:
    rows = table([1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0])
    assert [item.target for item in Tables().read(rows, Columns(label="B")).items] == ["0", "1", "0", "0"]
