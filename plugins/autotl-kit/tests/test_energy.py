import numpy as np
import pytest
from autotl_kit.energy import Energy

from autotl.backbone import build_reference
from autotl.testing import SimilarityChecks


class TestEnergy(SimilarityChecks):
    similarity = Energy()


def source_of(rows):
    return build_reference(rows, side=64)


def test_it_is_the_mean_distance_across_less_those_within():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((5, 3)), rng.standard_normal((6, 3)) + 1

    def mean(a, b, pairs):
        return sum(np.linalg.norm(p - q) for p in a for q in b) / pairs

    expected = 2 * mean(x, y, 30) - mean(x, x, 20) - mean(y, y, 30)
    assert Energy().distance(x, source_of(y)) == pytest.approx(expected)


def test_few_rows_of_the_source_itself_are_near_zero_on_average():
    rng = np.random.default_rng(1)
    source = source_of(rng.standard_normal((400, 8)))
    found = [Energy().distance(rng.standard_normal((3, 8)), source) for _ in range(200)]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(200)


def test_subsets_measure_what_their_rows_alone_do():
    rng = np.random.default_rng(2)
    source, rows = source_of(rng.standard_normal((50, 4))), rng.standard_normal((20, 4)) + 5
    subsets = [np.arange(10), np.array([3, 7, 19])]
    alone = [Energy().distance(rows[chosen], source) for chosen in subsets]
    assert Energy().distances(rows, source, subsets) == pytest.approx(alone)
