"""Features are reduced in blocks, whatever their number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autotl.exploration.grouping import reduction
from autotl.exploration.grouping.reduction import reduce_features, sample_rows


class Recorder:
    """A matrix that counts the rows of each access, as a memory-mapped file would read them."""

    def __init__(self, values: Any) -> None:
        self.values, self.largest = values, 0

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Any) -> Any:
        found = self.values[rows]
        self.largest = max(self.largest, len(found))
        return found


def test_no_access_reads_more_rows_than_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduction, "FIT_ROWS", 100)
    monkeypatch.setattr(reduction, "BLOCK", 64)
    features = Recorder(np.random.default_rng(0).normal(size=(1000, 90)).astype(np.float32))
    reduced = reduce_features(features, seed=0)  # type: ignore[arg-type] # it acts as an array
    assert features.largest == 100
    assert reduced.shape == (1000, 64)


def test_few_images_get_few_components_of_falling_variance() -> None:
    features = np.random.default_rng(0).normal(size=(40, 90)).astype(np.float32)
    reduced = reduce_features(features, seed=0)
    assert reduced.shape == (40, 10)
    variances = reduced.var(axis=0).tolist()
    assert variances == sorted(variances, reverse=True)


def test_the_scale_of_a_row_does_not_matter() -> None:
    features = np.abs(np.random.default_rng(0).normal(size=(60, 30))).astype(np.float32)
    brighter = features * np.linspace(1, 9, 60, dtype=np.float32)[:, None]
    assert np.allclose(reduce_features(features, seed=0), reduce_features(brighter, seed=0), atol=1e-4)


def test_equal_features_become_zeros() -> None:
    assert not reduce_features(np.ones((30, 8), np.float32), seed=0).any()


def test_a_sample_is_sorted_distinct_and_bounded() -> None:
    assert sample_rows(5, 9, seed=0).tolist() == [0, 1, 2, 3, 4]
    drawn = sample_rows(100, 9, seed=0).tolist()
    assert drawn == sorted(set(drawn))
    assert len(drawn) == 9
