"""CSV that a spreadsheet shows and does not run."""

from __future__ import annotations

import csv
import io

import pandas as pd

from autotl.results.csv_text import csv_text


def test_formulas_are_text_and_numbers_stay_numbers() -> None:
    label = ["=cmd|' /C calc'!A0", "@SUM(1)", "-1", "+2.5e3", "-x.png", "plain", "caf\udce9", None]
    table = pd.DataFrame({"label": pd.Series(label, dtype=object), "value": [0.123456789] * 8})
    rows = list(csv.reader(io.StringIO(csv_text(table))))
    assert rows[0] == ["label", "value"]
    assert [row[0] for row in rows[1:]] == [
        "'=cmd|' /C calc'!A0", "'@SUM(1)", "-1", "+2.5e3", "'-x.png", "plain", "caf\udce9", "",
    ]  # fmt: skip
    assert {row[1] for row in rows[1:]} == {"0.123457"}
    assert table["label"].tolist() == label


def test_parts_of_a_table_follow_each_other_without_another_head() -> None:
    table = pd.DataFrame({"=a": ["x"]})
    assert csv_text(table) + csv_text(table, header=False) == "'=a\nx\nx\n"


def test_numbers_have_as_many_digits_as_asked() -> None:
    table = pd.DataFrame({"x": [1234567.25, 0.1]})
    assert csv_text(table) == "x\n1.23457e+06\n0.1\n"
    assert csv_text(table, digits=9) == "x\n1234567.25\n0.1\n"
