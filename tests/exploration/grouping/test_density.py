"""HDBSCAN is a second opinion."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.exploration.grouping import density
from autotl.exploration.grouping.clustering import by_size
from autotl.exploration.grouping.density import find_dense_clusters
from autotl.exploration.grouping.stability import Stability
from tests.support.planted import planted, shapeless


def test_dense_regions_are_found_and_rows_between_them_are_in_none() -> None:
    rows, truth = planted(3, each=80, noise=0.03)
    found = find_dense_clusters(np.concatenate([rows, shapeless(30)]), seed=0)
    assert found.k == 3
    for cluster in range(3):
        assert len(set(truth[found.ids[: len(rows)] == cluster].tolist())) == 1
    assert 0 < found.noise < 0.15


def test_shapeless_rows_do_not_replace_k_means() -> None:
    unclear = Stability(2, 0.3, 0.1, 0.05, 0.3, 0.05)
    assert not find_dense_clusters(shapeless(300), seed=0).replaces(unclear)


def test_dense_clusters_replace_unclear_ones() -> None:
    rows, _ = planted(3, each=80, noise=0.03)
    found = find_dense_clusters(rows, seed=0)
    assert found.replaces(Stability(5, 0.3, 0.1, 0.05, 0.3, 0.05))
    assert not found.replaces(Stability(3, 1.0, 0.0, 0.0, 0.1, 0.0, 0.9, 0.2, 0.01))


def test_rows_outside_the_sample_join_the_nearest_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(density, "FIT_ROWS", 120)
    rows, truth = planted(3, each=100, noise=0.03)
    found = find_dense_clusters(rows, seed=0)
    assert len(found.ids) == 300
    assert all(len(set(truth[found.ids == cluster].tolist())) == 1 for cluster in range(found.k))


def test_clusters_are_numbered_by_size() -> None:
    assert by_size(np.array([2, 0, 2, -1, 5, 2, 5])).tolist() == [0, 2, 0, -1, 1, 0, 1]
    assert by_size(np.array([-1, -1])).tolist() == [-1, -1]
