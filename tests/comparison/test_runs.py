"""A comparison takes run folders and results, and shows what is there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autotl
from autotl import jsonio
from autotl.errors import ArgumentError, RunError
from autotl.results import Result, RunFile, write_run_file
from tests.support.run_folders import logits, save_run

TRUTH = [0, 1, 2] * 8
RIGHT = logits(TRUTH)


def unread(data: Any, columns: Any) -> Any:
    raise AssertionError("a comparison reads no images")


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return save_run(tmp_path / "first", TRUTH, RIGHT, arguments={"seed": 0, "budget": "1m"})


def test_a_result_and_a_path_are_the_same(first: Path, tmp_path: Path) -> None:
    other = save_run(tmp_path / "other", TRUTH, RIGHT)
    result = Result(other, jsonio.read(other / "report.json"), device="cpu", read=unread)
    by_result = autotl.compare(str(first), result)
    assert by_result.document == autotl.compare(first, other).document


def test_the_table_has_a_row_for_each_run(first: Path, tmp_path: Path) -> None:
    other = save_run(tmp_path / "other", TRUTH, RIGHT)
    found = autotl.compare(first, other).table()
    assert found["run"].tolist() == ["first", "other"]
    assert found["images"].tolist() == [30, 30]
    assert found["test_images"].tolist() == [24, 24]
    assert found["same_images"].tolist() == [None, True]
    assert found["test"].tolist() == [1.0, 1.0]
    assert found["strategy"].tolist() == ["finetune", "finetune"]
    assert found["gain_low"].tolist() == [0.25, 0.25]
    assert {"seconds", "budget_seconds", "calibration_error", "latency_ms", "size_mb"} <= set(found.columns)


def test_options_that_differ_are_named(first: Path, tmp_path: Path) -> None:
    other = save_run(tmp_path / "other", TRUTH, RIGHT, arguments={"seed": 1, "budget": "1m", "trials": 3})
    found = autotl.compare(first, other)
    assert found.document["options"] == {"seed": [0, 1], "trials": [None, 3]}
    assert "Options that differ: seed, trials." in found.text(width=80)


def test_images_besides_the_labelled_ones_are_an_option(first: Path, tmp_path: Path) -> None:
    arguments = {"seed": 0, "unlabelled": "/data/more", "data": "/data/photos"}
    other = save_run(tmp_path / "other", TRUTH, RIGHT, arguments=arguments)
    assert autotl.compare(first, other).document["options"] == {"unlabelled": [None, "/data/more"]}


def test_a_score_of_0_has_its_metric_too(first: Path, tmp_path: Path) -> None:
    test = {"metric": "macro_f1", "value": 0.0, "ci95": [0.0, 0.1], "n": 24}
    other = save_run(tmp_path / "other", TRUTH, RIGHT, test=test)
    assert "0.0% macro f1" in " ".join(autotl.compare(first, other).text(width=100).split())


@pytest.mark.parametrize("ended", ["running", "model"])
def test_an_unfinished_run_has_a_row_without_scores(first: Path, tmp_path: Path, ended: str) -> None:
    other = tmp_path / "other"
    if ended == "running":
        other.mkdir()
        write_run_file(other, RunFile({}, "0", {}))
    else:
        shutil.copytree(first, other)
        (other / "report.json").unlink()  # as after a crash while a run was resumed
    found = autotl.compare(first, other)
    assert found.table()["state"].tolist() == ["finished", "not finished"]
    assert np.isnan(found.table()["test"][1])
    assert found.sentences == ["other and first cannot be compared by image: other is not finished."]
    assert "not finished" in found.text(width=60)


@pytest.mark.parametrize("name", ["test.csv", "split.csv"])
def test_a_run_without_a_table_of_its_test_part_is_not_compared(
    first: Path, tmp_path: Path, name: str
) -> None:
    other = save_run(tmp_path / "other", TRUTH, RIGHT)
    (other / name).unlink()
    (sentence,) = autotl.compare(first, other).sentences
    assert f"other has no {name}" in sentence


def test_tables_of_two_runs_in_one_folder_are_refused(first: Path, tmp_path: Path) -> None:
    other = save_run(tmp_path / "other", TRUTH, RIGHT)
    third = save_run(tmp_path / "third", TRUTH, RIGHT, items=[f"{row}.png" for row in range(24)])
    shutil.copy(third / "test.csv", other / "test.csv")
    (sentence,) = autotl.compare(first, other).sentences
    assert "test.csv and split.csv of other list different test images" in sentence


def test_the_same_run_twice_is_noted(first: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(first, tmp_path / "copy"))
    notes = {first: f"{tmp_path.name}/first (2) are the same run", copy: "copy is a copy of first"}
    for other, expected in notes.items():
        found = autotl.compare(first, other)
        assert any(expected in note for note in found.notes)
        assert "predict the same for all 24 test images" in found.sentences[0]


def test_runs_of_one_name_are_named_with_their_parents(first: Path, tmp_path: Path) -> None:
    other = save_run(tmp_path / "more" / "first", TRUTH, RIGHT)
    found = autotl.compare(first, other).table()["run"].tolist()
    assert found == [f"{tmp_path.name}/first", "more/first"]


def test_a_folder_without_a_run_is_an_error(first: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a run folder"):
        autotl.compare(first, tmp_path / "nothing")


@pytest.mark.parametrize(("runs", "message"), [((), "got 0"), (("a",), "got 1"), (("a", 3), "got a int")])
def test_other_arguments_are_refused(runs: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        autotl.compare(*runs)


def test_a_run_that_is_not_compared_is_no_choice_of_disagreements(first: Path, tmp_path: Path) -> None:
    other = save_run(tmp_path / "other", TRUTH, RIGHT)
    found = autotl.compare(first, other)
    assert found.disagreements("other").empty
    with pytest.raises(ArgumentError, match=r"run must be one of other \(got 'first'\)"):
        found.disagreements("first")


def test_warnings_of_a_run_and_an_early_end_are_notes(first: Path, tmp_path: Path) -> None:
    verdict = {"sentence": "s", "warnings": ["3 of 24 test images look like training images"]}
    other = save_run(tmp_path / "other", TRUTH, RIGHT, verdict=verdict)
    write_run_file(other, RunFile({}, "0", {}, ended="interrupted", name="other"))
    notes = autotl.compare(first, other).notes
    assert "other: 3 of 24 test images look like training images." in notes
    assert any(note.startswith("other was ended early") for note in notes)
