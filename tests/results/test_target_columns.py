"""Tables of true and predicted targets, and the largest mistakes in them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from autotl.api import TargetSpec
from autotl.results.by_target.target_columns import answer_columns, largest_mistakes, true_columns
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


def test_the_largest_error_in_standard_deviations_comes_first() -> None:
    table = pd.DataFrame(
        {
            "item": ["a", "b", "c"],
            "true:age": [20.0, 40.0, 60.0],
            "true:height": [1.0, 1.1, 1.2],
            "predicted:age": [20.0, 50.0, 60.0],
            "predicted:height": [1.0, 1.1, 1.5],
        }
    )
    found = largest_mistakes(table)
    assert found["item"].tolist() == ["c", "b", "a"]
    assert found["error:age"].tolist() == [0.0, 10.0, 0.0]


def test_label_sets_that_differ_are_mistakes() -> None:
    table = pd.DataFrame(
        {
            "item": ["a", "b"],
            "label": ["cat;dog", "cat"],
            "answer": ["cat", "cat"],
            "p:cat": [0.9, 0.8],
            "p:dog": [0.2, 0.1],
        }
    )
    found = largest_mistakes(table)
    assert found["item"].tolist() == ["a"]
    assert found["probability"].tolist() == [0.9]
