from importlib import import_module

import numpy as np
import pytest

from autotl.quality import outliers


def test_planted_rows_are_flagged_and_ranked_first():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((300, 20)) * 0.3 + np.arange(20) % 2
    rows[:3] = rng.standard_normal((3, 20))
    found = outliers(rows)
    assert set(found.rows.tolist()) == {0, 1, 2}
    assert (np.diff(found.scores[found.rows]) <= 0).all()


@pytest.mark.parametrize("d", [10, 64, 400])
def test_gaussian_rows_are_rarely_flagged(d):
    rng = np.random.default_rng(0)
    flagged = [len(outliers(rng.standard_normal((500, d))).rows) for _ in range(4)]
    assert sum(flagged) <= 4  # of 2,000


def test_a_wide_class_has_no_outliers_if_labels_are_known():
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((2, 30))
    tight = centres[0] * 3 + rng.normal(0, 0.1, (400, 30))
    wide = centres[1] * 3 + rng.normal(0, 1.5, (30, 30))
    rows, labels = np.concatenate([tight, wide]), np.repeat([0, 1], [400, 30])
    assert set(range(400, 430)) & set(outliers(rows).rows.tolist())
    assert not set(range(400, 430)) & set(outliers(rows, labels).rows.tolist())


def test_rows_outside_the_sample_are_scored_like_those_in_it(monkeypatch):
    monkeypatch.setattr(import_module("autotl.quality.outliers"), "MAX_COMPARED", 100)
    rows = np.random.default_rng(0).standard_normal((600, 30))
    sampled = np.unique(np.linspace(0, 599, 100).round().astype(int))
    scores = outliers(rows).scores
    rest = np.setdiff1d(np.arange(600), sampled)
    assert abs(scores[sampled].mean() - scores[rest].mean()) < 0.5


@pytest.mark.parametrize("n", [0, 1, 3, 19, 40])
def test_too_few_or_equal_rows_have_no_outlier(n):
    found = outliers(np.ones((n, 5)), np.zeros(n, dtype=np.int64))
    assert found.scores.tolist() == [0.0] * n
    assert len(found.rows) == 0
