from importlib import import_module

import numpy as np
import pytest
import scipy.stats

from autotl.errors import DataError
from autotl.quality import importance_weights, shift

MODULE = import_module("autotl.quality.shift")  # `autotl.quality.shift` is the function


@pytest.mark.parametrize(("n", "m", "d"), [(20, 15, 60), (30, 30, 5)])
def test_p_values_are_uniform_without_a_shift(n, m, d, monkeypatch):
    monkeypatch.setattr(MODULE, "PERMUTATIONS", 99)
    rng = np.random.default_rng(0)
    ps = [shift(rng.exponential(size=(n, d)), rng.exponential(size=(m, d)), seed=i).p for i in range(200)]
    assert np.mean(np.array(ps) <= 0.05) < 0.1
    # p-values are multiples of 0.01; noise makes them comparable with the uniform distribution
    spread = np.array(ps) - rng.uniform(0, 0.01, len(ps))
    assert scipy.stats.kstest(spread, "uniform").pvalue > 0.01


def test_a_shift_is_found_with_more_features_than_rows():
    rng = np.random.default_rng(0)
    found = shift(rng.standard_normal((60, 300)), rng.standard_normal((50, 300)) + 0.3, seed=0)
    assert found.p == 0.001
    assert found.auc > 0.8
    assert found.statistic > 4
    assert (found.n_train, found.n_test) == (60, 50)


def test_the_same_seed_gives_the_same_result():
    rng = np.random.default_rng(0)
    train, test = rng.standard_normal((40, 10)), rng.standard_normal((40, 10))
    assert shift(train, test, seed=3) == shift(train, test, seed=3)


def test_many_rows_are_subsampled(monkeypatch):
    monkeypatch.setattr(MODULE, "MAX_ROWS", 50)
    rng = np.random.default_rng(0)
    found = shift(rng.standard_normal((200, 4)), rng.standard_normal((30, 4)), seed=0)
    assert (found.n_train, found.n_test) == (50, 30)


def test_equal_rows_show_no_shift():
    found = shift(np.ones((20, 6)), np.ones((20, 6)), seed=0)
    assert (found.p, found.auc, found.statistic) == (1.0, 0.5, 0.0)
    assert importance_weights(np.ones((20, 6)), np.ones((20, 6)), seed=0).n_eff == pytest.approx(20)


@pytest.mark.parametrize("compare", [shift, importance_weights])
def test_too_few_rows_are_an_error(compare):
    with pytest.raises(DataError, match=r"at least 5 test rows \(got 4\)"):
        compare(np.zeros((9, 2)), np.zeros((4, 2)), seed=0)


@pytest.mark.parametrize(("n", "m", "d"), [(150, 150, 20), (60, 200, 300)])
def test_weights_are_near_one_without_a_shift(n, m, d):
    rng = np.random.default_rng(0)
    for seed in range(5):
        found = importance_weights(rng.standard_normal((n, d)), rng.standard_normal((m, d)), seed=seed)
        assert found.weights.mean() == pytest.approx(1)
        assert found.n_eff > 0.9 * n


def test_weights_follow_the_ratio_of_densities():
    rng = np.random.default_rng(0)
    train, test = rng.standard_normal((600, 8)), rng.standard_normal((300, 8))
    test[:, 0] += 1
    found = importance_weights(train, test, seed=0)
    assert found.weights.mean() == pytest.approx(1)
    assert np.corrcoef(np.log(found.weights), train[:, 0])[0, 1] > 0.9
    assert (found.weights * train[:, 0]).mean() == pytest.approx(1, abs=0.2)  # the mean of the test rows
    assert found.n_eff == pytest.approx(found.weights.sum() ** 2 / (found.weights**2).sum())


def test_weights_are_bounded_for_disjoint_sets():
    rng = np.random.default_rng(0)
    found = importance_weights(rng.standard_normal((80, 10)), rng.standard_normal((80, 10)) + 20, seed=0)
    assert np.isfinite(found.weights).all()
    assert found.weights.max() / found.weights.min() <= 100.001
