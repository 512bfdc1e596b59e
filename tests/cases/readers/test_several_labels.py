"""Several labels for an image are told of, in whatever way a table writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autotl.errors import DataError
from tests.cases.pictures import flat, found, pixels


@pytest.mark.parametrize("joined", ["a|b", "a;b", "a, b", "b | a"])
def test_joined_labels_are_noted(here: Path, joined: str) -> None:
    told = found(pd.DataFrame({"image": flat(here), "label": ["a", "b", "a", joined] * 2}))
    assert f"Labels such as {joined!r} look like several labels of one image" in told.notes


@pytest.mark.parametrize("whole", ["black, white", "A;B", "x|y"])
def test_a_name_with_a_separator_is_a_name(here: Path, whole: str) -> None:
    told = found(pd.DataFrame({"image": flat(here), "label": ["a", whole] * 4}))
    assert told.labels == {"a": 4, whole: 4}
    assert "several labels" not in told.notes


@pytest.mark.parametrize(
    "value", [["a"], ("a", "b"), {"a": 1}, np.array(["a"])], ids=["list", "tuple", "dict", "array"]
)
def test_a_cell_of_several_values_is_refused(here: Path, value: Any) -> None:
    labels = pd.Series([value, *["a", "b"] * 3, "a"], dtype=object)
    with pytest.raises(DataError, match=r"A label must be one name or whole number .*row 1"):
        found(pd.DataFrame({"image": flat(here), "label": labels}))


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        (np.eye(2)[[0, 1] * 4], r"give labels\.argmax\(1\)"),
        (dict(enumerate("abababab")), "must be a list or an array .got a dict"),
        ({"a", "b"}, "must be a list or an array .got a set"),
        ("abababab", "must be a list or an array .got a str"),
        (None, "must be a list or an array .got a NoneType"),
        ([0.5, 1] * 4, "a name or a whole number .got 0.5"),
        (np.array([b"a", b"b"] * 4), "got b'a'"),
    ],
    ids=["one-hot", "dict", "set", "text", "None", "float", "bytes"],
)
def test_labels_of_arrays_in_another_form_are_refused(labels: Any, why: str) -> None:
    images = np.stack([pixels(number % 2, number) for number in range(8)])
    with pytest.raises(DataError, match=why):
        found((images, labels))


def test_two_pairs_of_images_and_labels_are_refused() -> None:
    images = np.stack([pixels(number % 2, number) for number in range(4)])
    with pytest.raises(DataError, match=r"must hold only arrays or tensors .got a list"):
        found(((images, list("abab")), (images, list("abab"))))
