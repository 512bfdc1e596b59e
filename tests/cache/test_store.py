"""The store of arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from autotl.cache import Store


def test_an_array_is_computed_once(tmp_path: Path) -> None:
    calls = []

    def fill(out: NDArray[Any]) -> None:
        calls.append(1)
        out[:] = [1, 2]

    for store in (Store(tmp_path), Store(tmp_path)):
        for _ in range(2):
            assert store.array({"a": 1}, (2,), np.float32, fill).tolist() == [1, 2]
    assert len(calls) == 1


def test_different_keys_are_different_arrays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    one = store.array({"a": 1}, (1,), np.int64, lambda out: out.fill(1))
    two = store.array({"a": 2}, (1,), np.int64, lambda out: out.fill(2))
    assert one[0] == 1
    assert two[0] == 2


def test_half_an_entry_is_never_served(tmp_path: Path) -> None:
    def broken(out: NDArray[Any]) -> None:
        out[0] = 7
        raise KeyboardInterrupt

    store = Store(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        store.array({"a": 1}, (2,), np.float32, broken)
    assert list(tmp_path.iterdir()) == []
    assert store.array({"a": 1}, (2,), np.float32, lambda out: out.fill(3)).tolist() == [3, 3]


def test_changing_an_array_changes_no_later_one(tmp_path: Path) -> None:
    first = Store(tmp_path).array({"a": 1}, (2,), np.float32, lambda out: out.fill(1))
    first[:] = 9
    assert Store(tmp_path).array({"a": 1}, (2,), np.float32, lambda out: out.fill(0)).tolist() == [1, 1]
