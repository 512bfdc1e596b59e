"""Every distance passes the checks and equals its formula."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import wasserstein_distance
from sklearn.neighbors import NearestNeighbors

from autotl.api import LayerSimilarity, SimilarityWithTest
from autotl.backbone import build_reference
from autotl.builtin.similarity.batchnorm import BatchNorm
from autotl.builtin.similarity.domain_classifier import DomainClassifier
from autotl.builtin.similarity.energy import Energy
from autotl.builtin.similarity.knn_coverage import KnnCoverage
from autotl.builtin.similarity.mmd import Mmd
from autotl.builtin.similarity.sliced_wasserstein import SlicedWasserstein
from autotl.builtin.similarity.two_sample import permutation_p
from autotl.builtin.similarity.wasserstein import Wasserstein
from autotl.testing.similarity import SimilarityChecks

VECTORS = Path(__file__).parents[3].parent / "shared" / "vectors" / "transferability.json"
EVERY = [Mmd(), Energy(), SlicedWasserstein(), Wasserstein(), DomainClassifier(), KnnCoverage()]


class TestMmd(SimilarityChecks):
    similarity = Mmd()


class TestEnergy(SimilarityChecks):
    similarity = Energy()


class TestSlicedWasserstein(SimilarityChecks):
    similarity = SlicedWasserstein()


class TestWasserstein(SimilarityChecks):
    similarity = Wasserstein()


class TestDomainClassifier(SimilarityChecks):
    similarity = DomainClassifier()


class TestKnnCoverage(SimilarityChecks):
    similarity = KnnCoverage()


def source_of(rows: np.ndarray):
    return build_reference(rows, input_size=64)


def drawn(n: int, d: int, *, seed: int, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d)) + shift


@pytest.mark.skipif(not VECTORS.is_file(), reason="the shared reference values are absent")
def test_mmd_gives_what_another_implementation_gives() -> None:
    cases = json.loads(VECTORS.read_text())
    with np.load(VECTORS.with_suffix(".npz")) as arrays:
        for case in cases:
            source = source_of(arrays[f"{case['case']}_source_features"][:300])
            found = Mmd(gamma=case["rbf_gamma"]).distance(arrays[f"{case['case']}_features"][:300], source)
            assert found == pytest.approx(case["mmd2_unbiased"], rel=1e-6), case["case"]


@pytest.mark.parametrize("measure", EVERY, ids=lambda each: each.name)
def test_subsets_have_the_distances_of_their_rows_alone(measure) -> None:  # type: ignore[no-untyped-def]
    source, rows = source_of(drawn(60, 6, seed=0)), drawn(40, 6, seed=1, shift=0.5)
    subsets = [np.arange(20), np.array([3, 7, 19, 31, 38])]
    alone = [measure.distance(rows[chosen], source) for chosen in subsets]
    assert measure.distances(rows, source, subsets) == pytest.approx(alone, rel=1e-9)


@pytest.mark.parametrize("measure", [Mmd(), Energy()], ids=lambda each: each.name)
def test_the_p_values_are_uniform_for_equal_distributions(measure) -> None:  # type: ignore[no-untyped-def]
    assert isinstance(measure, SimilarityWithTest)
    ps = [
        measure.p_value(drawn(20, 4, seed=2 * i), source_of(drawn(30, 4, seed=2 * i + 1))) for i in range(60)
    ]
    assert 0.3 < np.mean(ps) < 0.7
    assert np.mean(np.array(ps) < 0.1) < 0.25
    assert measure.p_value(drawn(30, 4, seed=7, shift=1.0), source_of(drawn(30, 4, seed=8))) < 0.01


def test_the_permutation_statistic_is_the_distance_itself() -> None:
    rows = np.concatenate([drawn(6, 2, seed=0), drawn(8, 2, seed=1, shift=9)])
    kernel = np.exp(-((rows[:, None] - rows) ** 2).sum(2) / 50)
    assert permutation_p(kernel, 6) <= 2 / 501  # no other division of the rows is as far apart


def test_energy_is_the_mean_distance_across_less_those_within() -> None:
    x, y = drawn(5, 3, seed=0), drawn(6, 3, seed=1, shift=1)

    def mean(a: np.ndarray, b: np.ndarray, pairs: int) -> float:
        return sum(float(np.linalg.norm(p - q)) for p in a for q in b) / pairs

    expected = 2 * mean(x, y, 30) - mean(x, x, 20) - mean(y, y, 30)
    assert Energy().distance(x, source_of(y)) == pytest.approx(expected)


def test_in_one_dimension_the_wasserstein_distances_are_the_textbook_one() -> None:
    x, y = drawn(30, 1, seed=0), drawn(30, 1, seed=1, shift=2)
    expected = ((np.sort(x[:, 0]) - np.sort(y[:, 0])) ** 2).mean()
    assert Wasserstein().distance(x, source_of(y)) == pytest.approx(expected)
    assert SlicedWasserstein().distance(x, source_of(y)) == pytest.approx(expected)
    assert np.sqrt(expected) >= wasserstein_distance(x[:, 0], y[:, 0])


def test_slices_are_textbook_distances_of_equally_many_rows() -> None:
    """Repeating rows changes no distribution: 30 and 40 rows repeated are 120 rows a side."""
    x, y = drawn(30, 5, seed=0), drawn(40, 5, seed=1, shift=1)
    directions = np.random.default_rng(5).standard_normal((5, 4000))
    directions /= np.linalg.norm(directions, axis=0)
    one, other = (np.sort(np.repeat(each @ directions, n, axis=0), axis=0) for each, n in ((x, 4), (y, 3)))
    expected = ((one - other) ** 2).mean()
    assert SlicedWasserstein().distance(x, source_of(y)) == pytest.approx(expected, rel=0.15)


def test_no_assignment_of_rows_is_shorter() -> None:
    x, y = drawn(6, 2, seed=0), drawn(6, 2, seed=1, shift=1)
    costs = ((x[:, None] - y) ** 2).sum(2)
    shortest = min(costs[np.arange(6), list(order)].mean() for order in permutations(range(6)))
    assert Wasserstein().distance(x, source_of(y)) == pytest.approx(shortest)


def test_coverage_is_the_share_of_balls_that_are_hit() -> None:
    y = drawn(50, 3, seed=0)
    x = np.concatenate([y[:20] + 1e-9, drawn(5, 3, seed=1, shift=1e6)])
    radius = NearestNeighbors(n_neighbors=6).fit(y).kneighbors(y)[0][:, -1]
    hit = (np.linalg.norm(x[:, None] - y, axis=2) <= radius).any(0)
    found = KnnCoverage().distance(x, source_of(y))
    assert found <= 1 - hit.mean()
    far = KnnCoverage().distance(x[20:], source_of(y))
    assert far == pytest.approx(1, abs=1e-4)


def test_a_classifier_separates_only_different_domains() -> None:
    source = source_of(drawn(200, 30, seed=0))
    assert abs(DomainClassifier().distance(drawn(200, 30, seed=1), source)) < 0.1
    assert DomainClassifier().distance(drawn(200, 30, seed=2, shift=2.0), source) > 3.6


class TestBatchNormLayers:
    def test_it_keeps_the_contract(self) -> None:
        assert isinstance(BatchNorm(), LayerSimilarity)

    def test_it_is_zero_at_home_and_grows_with_mean_and_spread(self) -> None:
        mean, var = drawn(1, 8, seed=0)[0], drawn(1, 8, seed=1)[0] ** 2

        def at(moved: float, wider: float) -> float:
            return BatchNorm().layer_distance(mean + moved, var * wider, mean, var)

        assert at(0, 1) == 0
        assert 0 < at(0.1, 1) < at(0.5, 1)
        assert 0 < at(0, 2) < at(0, 4)

    def test_channels_that_never_moved_do_not_decide_alone(self) -> None:
        mean, var = np.zeros(4), np.array([1.0, 1.0, 1.0, 1e-20])
        moved = BatchNorm().layer_distance(np.array([0, 0, 0, 0.1]), var, mean, var)
        assert moved < 0.01
        assert np.isfinite(BatchNorm().layer_distance(np.ones(4), np.zeros(4), mean, np.zeros(4)))
