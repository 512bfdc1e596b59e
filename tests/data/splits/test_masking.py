"""Hidden rows cannot be opened, and keep their place."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest

from autotl.api import Dataset
from autotl.data import hide_rows, rows_digest
from autotl.errors import DataError


def test_hidden_rows_have_no_image_target_or_name(make: Callable[..., Dataset]) -> None:
    dataset, attempts = make(["a", "b"] * 5), list[int]()
    hidden = hide_rows(dataset, np.array([2, 3]), attempts)
    assert hidden.targets[[2, 3]].tolist() == [-1, -1]
    assert set(hidden.table["item"].iloc[[2, 3]]) == {"(hidden)"}
    with pytest.raises(DataError, match="must not be opened before the final evaluation"):
        hidden.openers[2]()
    assert attempts == [2]
    rest = [0, 1, *range(4, 10)]
    assert hidden.targets[rest].tolist() == dataset.targets[rest].tolist()
    assert hidden.openers[0]().size == dataset.openers[0]().size


def test_the_data_set_itself_is_not_changed(make: Callable[..., Dataset]) -> None:
    dataset = make(["a", "b"] * 5)
    before = dataset.targets.tolist()
    hidden = hide_rows(dataset, np.array([0]), [])
    assert dataset.targets.tolist() == before
    assert hidden.digest == dataset.digest
    assert rows_digest(hidden, np.array([1, 2])) == rows_digest(dataset, np.array([1, 2]))


def test_hidden_rows_stay_hidden_in_another_process(make: Callable[..., Dataset]) -> None:
    hidden = hide_rows(make(["a", "b"] * 5), np.array([1]), [])
    again = pickle.loads(pickle.dumps(hidden.openers[1]))
    with pytest.raises(DataError):
        again()
