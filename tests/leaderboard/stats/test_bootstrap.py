import math

import numpy as np
import pytest

from autotl.leaderboard.rows.pivot import Block, Case
from autotl.leaderboard.stats.bootstrap import case_means, intervals, resample


def blocks(datasets, seeds=1, shots=(0,)):
    return [
        Block(Case(f"d{d}", n, "tiny", 60.0), s) for d in range(datasets) for n in shots for s in range(seeds)
    ]


def test_every_case_has_the_same_weight_for_any_number_of_seeds():
    uneven = [*blocks(1, seeds=3), Block(Case("other", 0, "tiny", 60.0), 0)]
    values = np.array([[0.1], [0.2], [0.3], [0.8]])
    assert case_means(uneven, values) == pytest.approx([0.5])


def test_missing_values_are_ignored():
    values = np.array([[0.1, math.nan], [math.nan, math.nan]])
    assert case_means(blocks(2), values) == [pytest.approx(0.1), None]


def test_one_data_set_has_no_interval():
    values = np.array([[0.1], [0.2], [0.3]])
    assert intervals(blocks(1, seeds=3), values) == [None]


def test_constant_numbers_have_an_interval_without_width():
    assert intervals(blocks(4, seeds=2), np.full((8, 1), 0.25)) == [pytest.approx((0.25, 0.25))]


def test_the_same_seed_gives_the_same_interval():
    values = np.random.default_rng(0).normal(size=(10, 2))
    assert intervals(blocks(5, 2), values, seed=3) == intervals(blocks(5, 2), values, seed=3)
    assert intervals(blocks(5, 2), values, seed=3) != intervals(blocks(5, 2), values, seed=4)


def test_every_resample_has_the_original_number_of_blocks():
    drawn = resample(blocks(5, seeds=3), seed=0, resamples=200)
    np.testing.assert_array_equal(drawn.sum(axis=1), 15)
    np.testing.assert_allclose(drawn.mean(axis=0), 1, atol=0.3)


def test_cases_of_a_data_set_and_seed_are_resampled_together():
    shots = blocks(3, seeds=2, shots=(5, 10))
    drawn = resample(shots, seed=0, resamples=50)
    for at, block in enumerate(shots):
        for other, same in enumerate(shots):
            if (block.case.dataset, block.seed) == (same.case.dataset, same.seed):
                np.testing.assert_array_equal(drawn[:, at], drawn[:, other])


def test_intervals_have_about_their_nominal_coverage():
    rng = np.random.default_rng(0)
    datasets, seeds, trials = 20, 2, 200
    between = rng.normal(0, 1.0, size=(datasets, trials)).repeat(seeds, axis=0)
    values = between + rng.normal(0, 0.5, size=(datasets * seeds, trials))
    held = [low <= 0 <= high for low, high in intervals(blocks(datasets, seeds), values)]
    assert 0.87 <= np.mean(held) <= 0.99
