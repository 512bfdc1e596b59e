import numpy as np
import pytest
from autotl_kit.drift import Drift

from autotl.backbone import build_reference
from autotl.testing import SimilarityChecks


class TestDrift(SimilarityChecks):
    similarity = Drift()


def source_of(rows):
    return build_reference(rows, input_size=64)


def test_it_is_the_squared_shift_in_variances_of_the_source():
    rng = np.random.default_rng(0)
    source = source_of(rng.standard_normal((5000, 3)) * [1.0, 2.0, 3.0])
    rows = rng.standard_normal((4000, 3)) * [1.0, 2.0, 3.0] + [1.0, 2.0, 0.0]
    assert Drift().distance(rows, source) == pytest.approx(2 / 3, abs=0.06)


def test_few_rows_of_the_source_have_mean_distance_zero():
    rng = np.random.default_rng(1)
    source = source_of(rng.standard_normal((4000, 8)))
    found = [Drift().distance(rng.standard_normal((3, 8)), source) for _ in range(400)]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(400) + 0.002


def test_a_subset_has_the_distance_of_its_rows():
    rng = np.random.default_rng(2)
    source, rows = source_of(rng.standard_normal((50, 4))), rng.standard_normal((20, 4)) + 5
    subsets = [np.arange(10), np.array([3, 7, 19])]
    expected = [Drift().distance(rows[subset], source) for subset in subsets]
    assert Drift().distances(rows, source, subsets) == pytest.approx(expected)


def test_a_constant_feature_of_the_source_is_ignored():
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((40, 3))
    rows[:, 1] = 7.0
    assert np.isfinite(Drift().distance(rows + 1, source_of(rows)))
