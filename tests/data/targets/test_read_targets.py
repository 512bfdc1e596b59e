"""The kind of target is inferred from what labels look like, and can be given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from autotl.api import TargetKind, TargetSpec
from autotl.data import FoundTargets, read_labels, read_target_columns, read_targets
from autotl.errors import DataError


def found(values: list[Any], kind: TargetKind | None = None) -> FoundTargets:
    names = [f"row {row}" for row in range(1, len(values) + 1)]
    return read_targets(values, row_names=names, kind=kind, column="tags")


def columns(table: dict[str, list[Any]], kind: TargetKind | None = None) -> FoundTargets:
    frame = pd.DataFrame(table)
    names = [f"row {row}" for row in range(1, len(frame) + 1)]
    return read_target_columns(frame, list(table), row_names=names, kind=kind)


@pytest.mark.parametrize(
    "cells",
    [
        [["b", "a"], ["a"], [], ["c", "a"]],
        [("b", "a"), ("a",), (), ("c", "a")],
        [np.array(["b", "a"]), np.array(["a"]), np.array([]), np.array(["c", "a"])],
        [{"a", "b"}, {"a"}, set(), {"c", "a"}],
    ],
    ids=["lists", "tuples", "arrays", "sets"],
)
def test_lists_are_labels(cells: list[Any]) -> None:
    targets = found(cells)
    assert targets.spec == TargetSpec("multi_label", ("a", "b", "c"))
    assert [set(map(str, each)) for each in targets.values] == [{"a", "b"}, {"a"}, set(), {"a", "c"}]
    assert targets.notes == ("The lists in 'tags' hold the labels of an image, several or none.",)


@pytest.mark.parametrize("sign", ["|", ";", ",", ", "])
def test_texts_whose_parts_combine_in_many_ways_are_labels(sign: str) -> None:
    targets = found(["a", f"a{sign}b", f"b{sign}c", f"a{sign}c", "b", f"a{sign}b{sign}c"])
    assert targets.spec == TargetSpec("multi_label", ("a", "b", "c"))
    assert targets.values[5] == ("a", "b", "c")
    assert "separated by" in targets.notes[0]
    assert "--target single" in targets.notes[0]


@pytest.mark.parametrize(
    "texts",
    [
        ["a", "b", "a", "a|b"] * 2,
        ["black, white", "A;B", "x|y"] * 3,
        ["Paris, TX", "Austin, TX", "Salem, OR", "Eugene, OR"],
        ["animal;cat", "animal;dog", "plant;oak", "plant;fir"],
    ],
)
def test_texts_that_may_be_names_are_classes(texts: list[str]) -> None:
    assert found(texts) == FoundTargets(texts)


def test_joined_texts_are_labels_if_the_user_says_so() -> None:
    targets = found(["a", "b", "a|b", ""], "multi_label")
    assert list(targets.values) == [("a",), ("b",), ("a", "b"), ()]
    assert targets.notes == ("1 of 4 images have an empty cell in 'tags': they have no label.",)


def test_free_text_is_refused_as_labels() -> None:
    texts = [f"a photo, taken at {place}, with camera {place * 7}" for place in range(40)]
    with pytest.raises(DataError, match=r"must repeat them .*as in free text.*--label"):
        found(texts, "multi_label")


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("b", r"must be a list of labels, because others are \(got 'b' in row 2\)"),
        (None, r"got nothing in row 2\). Give \[\]"),
        ([["b"]], "one name or whole number .*row 2"),
        ([None], r"must not be missing \(row 2\)"),
    ],
)
def test_a_cell_of_another_form_among_lists_is_refused(cell: Any, why: str) -> None:
    with pytest.raises(DataError, match=why):
        found([["a"], cell, ["a", "b"]], "multi_label")


@pytest.mark.parametrize("as_text", [False, True])
def test_numbers_that_are_not_whole_are_predicted(as_text: bool) -> None:
    numbers = [0.5, 1.0, 2.25, -3.0, 4.0, 1e-3]
    targets = found([str(each) for each in numbers] if as_text else numbers)
    assert targets.spec == TargetSpec("regression", ("tags",))
    assert list(targets.values) == [(each,) for each in numbers]
    assert "--target single" in targets.notes[0]


def test_few_numbers_that_are_not_whole_may_name_classes() -> None:
    targets = found(["0.5", "1.5"] * 10)
    assert (list(targets.values[:2]), targets.spec) == (["0.5", "1.5"], None)
    assert "--target number" in targets.notes[0]
    with pytest.raises(DataError, match=r"a name or a whole number \(got 0\.5\)"):
        found([0.5, 1.5] * 10)
    assert found([0.5, 1.5] * 10, "regression").spec == TargetSpec("regression", ("tags",))


def test_whole_numbers_are_classes_if_they_repeat() -> None:
    assert found([1, 2, 3] * 5) == FoundTargets(["1", "2", "3"] * 5)
    ids = found(list(range(30)) * 4)
    assert ids.spec is None
    assert ids.notes == (
        "The 30 whole numbers in 'tags' are used as classes. To predict them as numbers, give "
        "target='number' (--target number).",
    )
    assert found(list(range(100))).spec == TargetSpec("regression", ("tags",))
    assert found([f"{number:03}" for number in range(100)]).spec is None


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([1.5, None, 2.5, float("nan")], "2 of 4 numbers in 'tags' are missing: row 2, row 4"),
        ([1.5, float("inf"), 2.5], r"must be finite \(got inf in 'tags', row 2\)"),
        ([1.5, 1e300, 2.5], r"must be finite \(got 1e\+300"),
        ([1.5, "2,5", 2.5], r"given as such \(got '2,5' in 'tags', row 2\)"),
        ([1.5, [2.5], 2.5], r"must hold 1 numbers \(got 1.5 in row 1\)"),
    ],
)
def test_cells_that_are_no_numbers_are_refused_by_row(values: list[Any], why: str) -> None:
    with pytest.raises(DataError, match=why):
        found(values, "regression")


def test_lists_of_equally_many_numbers_are_predicted() -> None:
    targets = found([[0.5, 1], [1.5, 2], [2.5, 3]])
    assert targets.spec == TargetSpec("regression", ("tags 0", "tags 1"))
    assert targets.values[1] == (1.5, 2.0)


def test_columns_of_zero_and_one_are_labels_unless_each_row_has_one() -> None:
    several = columns({"cat": [1, 1, 0], "dog": [0, 1, 0]})
    assert several.spec == TargetSpec("multi_label", ("cat", "dog"))
    assert list(several.values) == [("cat",), ("cat", "dog"), ()]
    one = columns({"cat": [1, 0, 0], "dog": [0, 1, 1]})
    assert (one.values, one.spec) == (["cat", "dog", "dog"], None)
    asked = columns({"cat": [1, 0, 0], "dog": [0, 1, 1]}, "multi_label")
    assert list(asked.values) == [("cat",), ("dog",), ("dog",)]
    with pytest.raises(DataError, match=r"in 2 of 3 rows: row 2, row 3\).*--target multi"):
        columns({"cat": [1, 1, 0], "dog": [0, 1, 0]}, "single_label")


def test_columns_of_numbers_are_predicted_together() -> None:
    targets = columns({"x": [0.5, 2, 3], "y": ["1", "2.5", "4"]})
    assert targets.spec == TargetSpec("regression", ("x", "y"))
    assert list(targets.values) == [(0.5, 1.0), (2.0, 2.5), (3.0, 4.0)]
    with pytest.raises(DataError, match=r"must hold 0 and 1 each, or numbers \(got other values in 'z'"):
        columns({"x": [0, 1, 0], "z": ["a", "b", "c"]})


def test_a_column_of_zero_and_one_is_a_label_if_the_user_says_so() -> None:
    targets = found([1, 0, 1], "multi_label")
    assert targets.spec == TargetSpec("multi_label", ("tags",))
    assert list(targets.values) == [("tags",), (), ("tags",)]


@pytest.mark.parametrize("kind", [np.int64, np.float32, bool])
def test_arrays_of_zero_and_one_are_labels(kind: type) -> None:
    rows = list(np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1]]).astype(kind))
    targets = read_labels(rows, row_names=list("abc"))
    assert targets.spec == TargetSpec("multi_label", ("0", "1", "2"))
    assert list(targets.values) == [("0", "2"), (), ("0", "1", "2")]


def test_arrays_with_a_one_in_each_row_ask_for_the_class() -> None:
    with pytest.raises(DataError, match=r"labels\.argmax\(1\).*target='multi'"):
        read_labels(list(np.eye(3)), row_names=list("abc"))
    assert read_labels(list(np.eye(3)), row_names=list("abc"), kind="multi_label").spec is not None


def test_arrays_of_numbers_are_predicted() -> None:
    rows = list(np.array([[1.5, 0], [0, 2], [1, 3.5]]))
    assert read_labels(rows, row_names=list("abc")).spec == TargetSpec("regression", ("0", "1"))
    with pytest.raises(DataError, match="must hold 0 and 1"):
        read_labels(rows, row_names=list("abc"), kind="multi_label")


def test_lists_of_zero_and_one_with_repeats_are_a_column_for_each_label() -> None:
    assert found([[0, 0, 1], [1, 1, 0]]).values == [("2",), ("0", "1")]
    assert found([[0, 1], [1, 0], [0, 1]]).spec == TargetSpec("multi_label", ("0", "1"))


@pytest.mark.parametrize("kind", [None, "multi_label"])
def test_texts_are_divided_at_the_sign_that_was_inferred(kind: TargetKind | None) -> None:
    a, b, c = "Doe, J.", "Poe, P.", "Roe, R."
    targets = found([a, f"{a};{b}", f"{b};{c}", f"{a};{c}", b, f"{a};{b};{c}", None], kind)
    assert targets.spec == TargetSpec("multi_label", (a, b, c))
    assert targets.values[1] == (a, b)


def test_lists_of_measured_whole_numbers_are_predicted() -> None:
    boxes = [[n, n + 3, 2 * n + 40, 90 - n] for n in range(30)]
    targets = found(boxes)
    assert targets.spec == TargetSpec("regression", tuple(f"tags {place}" for place in range(4)))
    assert "target='multi'" in targets.notes[0]
    for labels in (
        [[1, 2], [2, 3], [1, 3]] * 10,
        [set(box) for box in boxes],
        [[*map(str, box)] for box in boxes],
    ):
        spec = found(labels).spec
        assert spec is not None
        assert spec.kind == "multi_label"
