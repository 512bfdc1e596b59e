"""Labels, groups, parts and paths are normalised."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from autotl.data import (
    class_order,
    group_texts,
    label_text,
    label_texts,
    part_of,
    path_or_none,
    placeholder_label_notes,
)
from autotl.errors import DataError


@pytest.mark.parametrize(
    "three", [3, 3.0, "3", " 3 ", np.int64(3), np.float32(3), np.array(3), torch.tensor(3)]
)
def test_a_three_is_a_three(three: object) -> None:
    assert label_text(three) == "3"


@pytest.mark.parametrize("word", ["NULL", "null", "<NA>", "#N/A", "nan", " NaN ", "(null)", "\\N", "#VALUE!"])
def test_the_spellings_of_a_missing_label_are_missing(word: str) -> None:
    with pytest.raises(DataError, match=r"1 of 2 labels are missing: row 2 .") as raised:
        label_texts(["a", word], row_names=["row 1", "row 2"])
    assert f"({word})" in str(raised.value)


def test_words_that_may_mean_missing_are_classes_with_a_note() -> None:
    assert label_texts(["NA", "none", "a"], row_names="123") == ["NA", "none", "a"]
    assert placeholder_label_notes(["NA", "None", "a", "NA"]) == (
        "2 of 4 images have the label 'NA', which is used as a class. "
        "If it means that the label is missing, remove these images.",
        "1 of 4 images have the label 'None', which is used as a class. "
        "If it means that the label is missing, remove these images.",
    )


@pytest.mark.parametrize("nothing", [None, float("nan"), np.nan, pd.NA, pd.NaT, "", "  "])
def test_an_empty_label_is_missing(nothing: object) -> None:
    with pytest.raises(DataError, match="1 of 2 labels are missing: row 2"):
        label_texts(["a", nothing], row_names=["row 1", "row 2"])


@pytest.mark.parametrize("odd", [0.5, [1, 0], np.array([0, 1]), torch.tensor([0, 1]), {}])
def test_invalid_labels_are_refused_by_row(odd: object) -> None:
    with pytest.raises(DataError, match=r"A label must be .*here"):
        label_texts([odd], row_names=["here"])


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        (["1", "1.0", "2"], ["1", "1", "2"]),
        ([1, 1.0, "1", "+1", None], ["1", "1", "1", "1"]),
        (["1", "1.0", "mixed"], ["1", "1.0", "mixed"]),
        (["007", "010", "100"], ["007", "010", "100"]),
        (["1.5", "2", "2.0"], ["1.5", "2", "2.0"]),
        (["9" * 5000, "1"], ["9" * 5000, "1"]),
    ],
)
def test_a_column_decides_whether_its_values_are_numbers(column: list[object], labels: list[str]) -> None:
    given = [value for value in column if value is not None]
    assert label_texts(given, row_names=map(str, given)) == labels
    assert group_texts(column) == labels + [None] * (len(column) - len(given))
    assert set(class_order(labels)) == set(labels)


def test_whole_numbers_are_ordered_as_numbers_and_names_as_strings() -> None:
    assert class_order(["10", "9", "-1", "9"]) == ("-1", "9", "10")
    assert class_order(["b10", "b9", "7"]) == ("7", "b10", "b9")
    assert class_order(["00010", "00009"]) == ("00009", "00010")


def test_a_part_is_known_by_its_usual_names() -> None:
    assert [part_of(name) for name in ("Train", " valid", "TEST", "extra", None)] == [
        "train",
        "val",
        "test",
        None,
        None,
    ]


def test_sources_that_are_no_path_give_none() -> None:
    assert [path_or_none(each) for each in (3, None, "", "a\0b", b"bytes")] == [None] * 5
    assert path_or_none("~nobody-has-this-name/x") is not None
