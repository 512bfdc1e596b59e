"""Tables of true and predicted targets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from autotl.api import PredictionIntervals, TargetSpec
from autotl.results.by_target.prediction_rows import PredictionOptions, prediction_rows
from autotl.results.by_target.target_columns import answer_columns, true_columns
from autotl.results.csv_text import csv_text, digits_of
from autotl.targets import target_of

LABELS = TargetSpec("multi_label", ("cat", "dog"))
NUMBERS = TargetSpec("regression", ("age", "height"), (40.0, 170.0), (10.0, 5.0))


def test_labels_are_joined_and_numbers_have_columns() -> None:
    truth = np.array([[1, 1], [0, 0]], dtype=np.float32)
    assert list(true_columns(truth, LABELS)["label"]) == ["cat;dog", ""]
    answers = answer_columns(np.array([[3, -3], [-1, 2]], dtype=np.float32), target_of(LABELS))
    assert list(answers["answer"]) == ["cat", "dog"]
    numbers = answer_columns(np.array([[1, 0]], dtype=np.float32), target_of(NUMBERS))
    assert {key: value.tolist() for key, value in numbers.items()} == {
        "predicted:age": [50.0],
        "predicted:height": [170.0],
    }


def test_numbers_are_written_as_the_user_gave_them() -> None:
    columns = true_columns(np.array([[0.1, 12345.678]], dtype=np.float32), NUMBERS)
    text = csv_text(pd.DataFrame(columns), digits=digits_of(NUMBERS))
    assert text == "true:age,true:height\n0.1,12345.678\n"


def test_the_ends_of_an_interval_do_not_replace_another_number() -> None:
    spec = TargetSpec("regression", ("age", "age_low"))
    intervals = PredictionIntervals((4.0, 2.0), 0.9, 50)
    table = prediction_rows(["a"], [""], np.array([[30.0, 7.0]]), spec, PredictionOptions(), intervals)
    assert table.columns.tolist() == [
        "path", "age", "interval:age_low", "interval:age_high",
        "age_low", "age_low_low", "age_low_high", "error",
    ]  # fmt: skip
    assert table.iloc[0, 1:5].tolist() == [30, 26, 34, 7]
