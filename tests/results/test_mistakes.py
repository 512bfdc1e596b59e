"""Mistakes, confusion and scores of each class as data frames, for each kind of target."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autotl.api import Columns, Dataset, TargetSpec
from autotl.errors import ArgumentError, DataError, RunError
from autotl.evaluation import FinalPredictions
from autotl.results import Result, answer_table, mistakes, write_predictions

SAMPLE = Path(__file__).parents[1] / "report" / "sample.json"


def unread(data: Any, columns: Columns) -> Dataset:
    raise AssertionError("tables of mistakes read no images")


def unopened() -> Any:
    raise AssertionError("tables of mistakes open no images")


def result(folder: Path, kind: str, names: list[str], **test: Any) -> Result:
    report = json.loads(SAMPLE.read_text(encoding="utf-8"))
    report |= {"target": {"kind": kind, "names": names}, "classes": names}
    report["test"] |= test
    return Result(folder, report, device="cpu", read=unread)


def written(
    folder: Path, target: TargetSpec, targets: pd.DataFrame, outputs: list[list[float]]
) -> pd.DataFrame:
    """Write the test.csv of images a.jpg, b.jpg, … and return it."""
    table = targets.assign(item=[f"{letter}.jpg" for letter in "abcdefgh"[: len(targets)]])
    data = Dataset(table, [unopened] * len(table), target, "digest")
    predictions = FinalPredictions(np.arange(len(table)), np.array(outputs, dtype=np.float32))
    answers = answer_table(data, predictions)
    write_predictions(folder / "test.csv", answers, target)
    return answers


def test_wrong_classes_have_path_given_and_predicted_the_most_confident_first(tmp_path: Path) -> None:
    outputs = [[0.0, 1.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 5.0], [2.0, 0.0, 0.0]]
    spec = TargetSpec("single_label", ("007", "NA", "=x"))
    answers = written(tmp_path, spec, pd.DataFrame({"label": [0, 0, 1, 1]}), outputs)
    found = result(tmp_path, "single_label", list(spec.names)).mistakes()
    assert found.columns.tolist() == ["path", "given", "predicted", "probability"]
    assert found["path"].tolist() == ["c.jpg", "d.jpg", "a.jpg"]
    assert found["given"].tolist() == ["NA", "NA", "007"]
    assert found["predicted"].tolist() == ["=x", "007", "NA"]
    assert found["probability"].is_monotonic_decreasing
    assert found["probability"].between(0, 1).all()
    assert len(result(tmp_path, "single_label", list(spec.names)).mistakes(2)) == 2
    assert mistakes(answers, spec.kind)["path"].tolist() == found["path"].tolist()


@pytest.mark.parametrize("n", [0, -1, True, 2.5, "3"])
def test_the_number_of_mistakes_must_be_above_0(tmp_path: Path, n: Any) -> None:
    written(tmp_path, TargetSpec("single_label", ("a", "b")), pd.DataFrame({"label": [0]}), [[0.0, 1.0]])
    with pytest.raises(ArgumentError, match="n must be a whole number above 0"):
        result(tmp_path, "single_label", ["a", "b"]).mistakes(n)


def test_an_unfinished_run_has_no_mistakes_and_no_confusion(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no test\.csv.*autotl resume"):
        result(tmp_path, "single_label", ["a", "b"]).mistakes()
    with pytest.raises(RunError, match="no confusion matrix"):
        result(tmp_path, "single_label", ["a", "b"], confusion=[]).confusion()
    with pytest.raises(RunError, match=r"no test\.csv"):
        result(tmp_path, "multi_label", ["a", "b"]).confusion()


def test_missed_and_wrong_labels_are_sorted_by_the_surest_of_them(tmp_path: Path) -> None:
    spec = TargetSpec("multi_label", ("cat", "dog", "dog;big"))  # the last holds the separator
    truth = pd.DataFrame({"target 0": [1, 1, 0, 0], "target 1": [1, 0, 0, 0], "target 2": [0, 0, 1, 0]})
    outputs = [[4.0, -1.0, -9.0], [-6.0, 3.0, -9.0], [-4.0, -4.0, 4.0], [-1.0, 1.0, -1.0]]
    written(tmp_path, spec, truth.astype("float32"), outputs)
    found = result(tmp_path, "multi_label", list(spec.names)).mistakes()
    assert found.columns.tolist() == ["path", "given", "predicted", "missed", "wrong", "probability"]
    assert found["path"].tolist() == ["b.jpg", "a.jpg", "d.jpg"]  # a.jpg and d.jpg tie
    assert found["missed"].tolist() == ["cat", "dog", ""]
    assert found["wrong"].tolist() == ["dog", "", "dog"]
    np.testing.assert_allclose(found["probability"], [1 / (1 + np.exp(-6)), 0.731059, 0.731059], atol=1e-5)


def test_the_confusion_of_labels_counts_each_label(tmp_path: Path) -> None:
    spec = TargetSpec("multi_label", ("cat", "dog"))
    truth = pd.DataFrame({"target 0": [1, 1, 0, 0], "target 1": [1, 0, 0, 0]}, dtype="float32")
    written(tmp_path, spec, truth, [[4.0, -1.0], [-6.0, 3.0], [-4.0, -4.0], [1.0, 1.0]])
    found = result(tmp_path, "multi_label", ["cat", "dog"]).confusion()
    assert found.index.tolist() == ["cat", "dog"]
    assert found.columns.tolist() == ["true_positive", "false_negative", "false_positive", "true_negative"]
    assert found.to_numpy().tolist() == [[1, 1, 1, 1], [0, 1, 2, 1]]


def test_errors_of_numbers_are_sorted_in_standard_deviations(tmp_path: Path) -> None:
    spec = TargetSpec("regression", ("age", "height"))
    truth = pd.DataFrame({"target 0": [20, 40, 60], "target 1": [1.0, 1.1, 1.2]}, dtype="float32")
    written(tmp_path, spec, truth, [[20.0, 1.0], [50.0, 1.1], [60.0, 1.5]])
    found = result(tmp_path, "regression", ["age", "height"]).mistakes()
    assert found.columns.tolist() == ["path", "number", "given", "predicted", "error"]
    assert len(found) == 6
    assert found["path"].tolist()[:2] == ["c.jpg", "b.jpg"]
    assert found["number"].tolist()[:2] == ["height", "age"]
    np.testing.assert_allclose(found["error"][:2], [0.3, 10.0], atol=1e-6)


def test_numbers_have_no_confusion(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"needs classes or labels \(got numbers: age\)\. Use mistakes\(\)"):
        result(tmp_path, "regression", ["age"]).confusion()


def test_the_confusion_has_class_names_on_both_sides(tmp_path: Path) -> None:
    found = result(tmp_path, "single_label", ["a", "b"], confusion=[[5, 1], [2, 7]]).confusion()
    assert found.loc["a", "b"] == 1
    assert found.loc["b", "a"] == 2
    assert (found.index.name, found.columns.name) == ("given", "predicted")


def test_scores_of_each_class_have_columns_for_the_ends_of_intervals(tmp_path: Path) -> None:
    scores = [{"class": "a", "n": 8, "recall": 0.5, "precision": None, "f1": 0.6, "recall_ci95": [0.2, 0.8]}]
    found = result(tmp_path, "single_label", ["a"], per_class=scores).per_class()
    assert found.columns.tolist() == ["class", "n", "recall", "precision", "f1", "recall_low", "recall_high"]
    assert found.loc[0, ["recall_low", "recall_high"]].tolist() == [0.2, 0.8]
    numbers = [{"column": "age", "n": 9, "mae": 1.5, "mae_ci95": None, "points": [[1, 2]], "residuals": {}}]
    found = result(tmp_path, "regression", ["age"], per_column=numbers).per_class()
    assert found.columns.tolist() == ["column", "n", "mae", "mae_low", "mae_high"]
    assert result(tmp_path, "multi_label", ["a"], per_label=[]).per_class().empty
