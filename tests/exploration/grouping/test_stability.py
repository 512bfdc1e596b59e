"""The number of clusters follows their stability, and "no clear clusters" is an answer."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.exploration.grouping.choose import group_rows
from autotl.exploration.grouping.stability import (
    Stability,
    agreement,
    choose_number,
    measure_stability,
    numbers_to_try,
    without_clusters,
)
from tests.support.planted import planted, shapeless


@pytest.mark.parametrize("k", [2, 3, 6])
def test_the_planted_number_of_clusters_is_found_and_clear(k: int) -> None:
    rows, truth = planted(k)
    found = group_rows({"net": rows}, clusters=None, max_clusters=8, seed=0)
    assert (found.k, found.is_clear) == (k, True)
    for cluster in range(k):
        assert len(set(truth[found.ids == cluster].tolist())) == 1
    assert sorted(np.bincount(found.ids), reverse=True) == np.bincount(found.ids).tolist()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dimensions", [3, 12])
def test_shapeless_rows_have_no_clear_clusters(dimensions: int, seed: int) -> None:
    rows = shapeless(300, dimensions=dimensions, seed=seed)
    found = group_rows({"net": rows}, clusters=None, max_clusters=6, seed=seed)
    assert (found.k, found.method, found.is_clear) == (1, "none", False)
    assert found.ids.tolist() == [0] * 300


def test_a_fixed_number_is_kept_and_still_judged() -> None:
    found = group_rows({"net": shapeless(200)}, clusters=4, max_clusters=10, seed=0)
    assert (found.k, found.fixed, found.is_clear) == (4, True, False)
    assert found.chosen is not None
    assert found.chosen.k == 4


def test_rows_of_equal_features_have_no_clusters() -> None:
    found = group_rows({"net": np.zeros((30, 1), np.float32)}, clusters=None, max_clusters=5, seed=0)
    assert (found.k, found.chosen, found.is_clear) == (1, None, False)


def test_the_backbone_with_the_more_stable_clusters_is_used() -> None:
    rows, _ = planted(4, each=40)
    spaces = {"blind": shapeless(160), "net": rows}
    found = group_rows(spaces, clusters=None, max_clusters=8, seed=0)
    assert (found.backbone, found.k) == ("net", 4)
    assert set(found.measured) == {"blind", "net"}
    assert found.margin is not None


def test_clusters_that_never_change_agree_and_random_ones_do_not() -> None:
    rows, _ = planted(3)
    rng = np.random.default_rng(0)
    halves = agreement(rows, lambda part, _: (part[:, 0] > 0).astype(int), seed=0)
    chance = agreement(rows, lambda part, _: rng.integers(0, 3, len(part)), seed=0)
    assert halves == (1.0, 0.0, 0.0)
    assert abs(chance[0]) < 0.05
    assert chance[1] > 0


def test_clusterings_without_any_cluster_do_not_agree() -> None:
    rows, _ = planted(2)
    assert agreement(rows, lambda part, _: np.full(len(part), -1), seed=0) == (0.0, 0.0, 0.0)


def test_the_finest_of_equally_good_numbers_is_used() -> None:
    def of(k: int, mean: float) -> Stability:
        return Stability(k, mean, 0.05, 0.02, 0.2, 0.0)

    assert choose_number([of(2, 0.95), of(3, 0.94), of(4, 0.7)]).k == 3
    assert choose_number([of(2, 0.95), of(3, 0.9), of(4, 0.7)]).k == 2


@pytest.mark.parametrize(
    ("rows", "most", "last"), [(10_000, 30, 30), (10_000, 200, 200), (40, 30, 8), (7, 30, 2), (100, 2, 2)]
)
def test_the_numbers_to_try_are_few_and_bounded(rows: int, most: int, last: int) -> None:
    found = numbers_to_try(rows, most)
    assert found[0] == 2
    assert found[-1] == last
    assert found == sorted(set(found))
    assert len(found) <= 30


def test_data_without_clusters_keeps_mean_and_covariance() -> None:
    rows, _ = planted(3, each=400, dimensions=5)
    null = without_clusters(rows, seed=0)
    # both are unit rows, so the moments agree only nearly
    assert np.abs(null.mean(axis=0) - rows.mean(axis=0)).max() < 0.1
    assert np.abs(np.cov(null.T) - np.cov(rows.T)).max() < 0.1


def test_the_same_seed_gives_the_same_figures() -> None:
    rows, _ = planted(3, each=30)
    assert measure_stability(rows, [2, 3], seed=5) == measure_stability(rows, [2, 3], seed=5)
