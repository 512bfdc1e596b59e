import math

import numpy as np
import pytest

from autotl.errors import BenchError
from autotl.leaderboard.rows.pivot import make_grid, ranks


def column(laid, entrant):
    return laid.entrants.index(entrant)


def test_ties_share_the_mean_of_their_ranks():
    places = ranks(np.array([[0.9, 0.5, 0.5, math.nan, 0.1]]))
    np.testing.assert_array_equal(places, [[1, 2.5, 2.5, math.nan, 4]])


def test_failed_rows_share_the_last_ranks_with_the_score_of_guessing(row):
    laid = make_grid([row("a", 0.9), row("b", 0.05), row("c", None), row("d", None)])
    np.testing.assert_array_equal(laid.rank, [[1, 2, 3.5, 3.5]])
    np.testing.assert_array_equal(laid.normalised, [[1, 0, 0, 0]])
    np.testing.assert_allclose(laid.credited, [[0.9, 0.05, 0.2, 0.2]])  # five classes
    np.testing.assert_allclose(laid.regret, [[0, 0.85, 0.7, 0.7]])


def test_equal_scores_are_all_the_best(row):
    np.testing.assert_array_equal(make_grid([row("a", 0.5), row("b", 0.5)]).normalised, [[1, 1]])


def test_the_oracle_is_the_best_single_strategy_and_not_autotl_or_a_peer(row):
    rows = [row("autotl", 0.9), row("peer", 0.95, kind="peer"), row("a", 0.5), row("a@default", 0.6)]
    laid = make_grid(rows)
    assert laid.oracle == pytest.approx([0.6])
    assert laid.regret[0, column(laid, "autotl")] == pytest.approx(-0.3)


def test_without_single_strategies_there_is_no_oracle(row):
    assert np.isnan(make_grid([row("autotl", 0.9)]).oracle).all()


def test_only_entrants_that_ran_in_a_block_count_in_it(row):
    laid = make_grid([row("a", 0.9), row("b", 0.8), row("b", 0.8, dataset="other", split="b2:1")])
    np.testing.assert_array_equal(laid.rank, [[1, 2], [math.nan, 1]])
    np.testing.assert_array_equal(laid.common(), [True, False])


def test_no_rows_are_an_error():
    with pytest.raises(BenchError, match="no rows to rank"):
        make_grid([])


def test_an_entrant_twice_in_a_block_is_an_error(row):
    with pytest.raises(BenchError, match="finetune was measured twice on flowers"):
        make_grid([row(), row(machine="another")])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"split": "b2:9"}, "the same test images"),
        ({"metric": "f1"}, "the same metrics"),
        ({"image_size": 96}, "the same image sizes"),  # the other row is older, and was measured at 64 px
    ],
)
def test_different_metrics_in_a_block_are_an_error(row, change, message):
    with pytest.raises(BenchError, match=message):
        make_grid([row("a"), row("b", **change)])


def test_suites_are_never_compared_in_one_block(row):
    laid = make_grid([row("a", 0.9), row("b", 0.8, suite="another")])
    assert [block.case.suite for block in laid.blocks] == ["another", "small"]
    assert not laid.common().any()


def test_image_sizes_that_entrants_choose_may_differ(row):
    free = {"image_size": 0}
    assert len(make_grid([row("a", **free), row("b", image_side=96, **free)]).blocks) == 1


def test_older_rows_of_the_set_image_size_stay_in_the_block(row):
    assert len(make_grid([row("a"), row("b", image_size=64)]).blocks) == 1


def test_a_row_without_a_finite_score_counts_as_failed(row):
    assert make_grid([row("a"), row("b", math.nan), row("c", None, status="ok")]).failed.tolist() == [
        [False, True, True]
    ]
