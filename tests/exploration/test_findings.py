"""Representatives, outliers and near copies of clustered rows."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.exploration import findings
from autotl.exploration.findings import find_facts
from autotl.exploration.grouping.choose import group_rows
from autotl.exploration.grouping.reduction import unit_rows
from tests.support.planted import planted, shapeless


def looks_of(n: int, seed: int = 0) -> np.ndarray:
    """Return hashes with half of their bits set, far from each other."""
    rng = np.random.default_rng(seed)
    bits = np.zeros((n, 64), dtype=np.uint8)
    for row in bits:
        row[rng.choice(64, 32, replace=False)] = 1
    return np.packbits(bits, axis=1).view(">u8").astype(np.uint64).ravel()


def test_ranks_follow_the_distance_to_the_centre() -> None:
    rows, _ = planted(3, each=30)
    grouping = group_rows({"net": rows}, clusters=3, max_clusters=5, seed=0)
    found = find_facts(grouping, rows, rows, looks_of(90), seed=0)
    for cluster in range(3):
        own = np.flatnonzero(grouping.ids == cluster)
        by_rank = own[np.argsort(found.ranks[own])]
        assert sorted(found.ranks[own]) == list(range(1, 31))
        assert found.distances[by_rank].tolist() == sorted(found.distances[own].tolist())


def test_a_row_far_from_all_clusters_is_the_first_outlier() -> None:
    rows, _ = planted(3, each=40, noise=0.05)
    rows[17] = -rows.mean(axis=0) / np.linalg.norm(rows.mean(axis=0))
    grouping = group_rows({"net": rows}, clusters=3, max_clusters=5, seed=0)
    found = find_facts(grouping, rows, rows, looks_of(120), seed=0)
    assert found.outlier_rows[0] == 17


@pytest.mark.parametrize("most", [10_000, 40])
def test_near_copies_are_found_and_do_not_represent_a_cluster(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "MAX_COMPARED", most)
    rows, _ = planted(2, each=40, dimensions=30)
    looks = looks_of(80)
    rows[60], looks[60] = rows[2], looks[2] ^ np.uint64(0b11)
    grouping = group_rows({"net": rows}, clusters=2, max_clusters=5, seed=0)
    found = find_facts(grouping, rows, rows, looks, seed=0)
    assert list(found.near_copies) == [(2, 60)]
    assert found.first_copies() == {60: 2}
    assert found.compared == 80
    assert found.ranks[60] == (grouping.ids == grouping.ids[60]).sum()


def test_without_clear_clusters_the_first_ranks_are_spread() -> None:
    rows = unit_rows(shapeless(200))
    grouping = group_rows({"net": rows}, clusters=None, max_clusters=5, seed=0)
    assert grouping.method == "none"
    found = find_facts(grouping, rows, rows, looks_of(200), seed=0)
    first = rows[np.argsort(found.ranks)[:8]]
    nearest = np.argsort(found.distances)[:8]
    assert (first @ first.T).mean() < (rows[nearest] @ rows[nearest].T).mean()
