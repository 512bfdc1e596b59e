"""Targets of scikit-learn as a run gets them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autotl.errors import DataError
from autotl.estimators.labels import read_classes


@pytest.mark.parametrize(
    ("y", "classes", "names"),
    [
        (np.array([3, 20, 3]), [3, 20], ("3", "20")),
        (np.array([2.0, 1.0, 1.0]), [1.0, 2.0], ("1", "2")),
        (np.array([True, False, True]), [False, True], ("False", "True")),
        (["cat", "a dog", "cat"], ["a dog", "cat"], ("a dog", "cat")),
        (np.array([[3], [20], [3]]), [3, 20], ("3", "20")),
        (["007", "7", "7"], ["007", "7"], ("007", "7")),
    ],
)
def test_classes_keep_their_type_and_have_names(y: Any, classes: list[Any], names: tuple[str, ...]) -> None:
    found = read_classes(y)
    assert found.classes.tolist() == classes
    assert [type(each) for each in found.classes.tolist()] == [type(each) for each in classes]
    assert (found.names, found.kind) == (names, "single")
    assert found.targets[0] == names[classes.index(np.asarray(y).ravel()[0])]


@pytest.mark.parametrize(
    ("y", "error", "match"),
    [
        (["1", "1.0", "2"], DataError, "must differ in more than spaces or the form of a number"),
        ([0.5, 1.2, 3.3], ValueError, "continuous"),
        (None, ValueError, "None"),
        ([[1, 2], [0, 1], [2, 2]], ValueError, "multiclass-multioutput|one class for each image"),
        (np.array([[1, 2], [2, 1]]), DataError, "0 and 1, a column for each label"),
    ],
)
def test_doubtful_classes_are_refused(y: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        read_classes(y)


def test_columns_of_zeros_and_ones_are_several_labels() -> None:
    found = read_classes(np.array([[0, 1, 0], [1, 1, 0]]))
    assert (found.classes.tolist(), found.names, found.kind) == ([0, 1, 2], ("0", "1", "2"), "multi")
