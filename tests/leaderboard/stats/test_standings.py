import pytest

from autotl.errors import BenchError
from autotl.leaderboard import board


def standing(found, entrant):
    return next(each for each in found.standings if each.entrant == entrant)


@pytest.fixture
def two_data_sets(row):
    """Return two data sets: x with autotl .9, a .8, b .8; y with autotl .4, a .6, b failed (4 classes)."""
    x = {"dataset": "x", "split": "b2:x"}
    y = {"dataset": "y", "n_classes": 4, "budget_seconds": 60.0}
    return [
        row("autotl", 0.9, seconds=50.0, **x),
        row("a", 0.8, seconds=10.0, **x),
        row("b", 0.8, seconds=20.0, **x),
        row("autotl", 0.4, seconds=70.0, split="b2:y", **y),
        row("a", 0.6, seconds=30.0, split="b2:y", **y),
        row("b", None, seconds=1.0, **y),
    ]


def test_a_board_worked_by_hand(two_data_sets):
    found = board(two_data_sets)
    assert [each.entrant for each in found.standings] == ["autotl", "a", "b"]
    autotl, a, b = found.standings
    assert (autotl.rank, a.rank, b.rank) == (1.5, 1.75, 2.75)
    assert (autotl.normalised, a.normalised, b.normalised) == (0.5, 0.5, 0.0)
    assert (autotl.wins, a.wins, b.wins) == (1, 1, 0)
    assert (autotl.test, a.test, b.test) == pytest.approx((0.65, 0.7, (0.8 + 0.25) / 2))
    assert (autotl.regret, a.regret, b.regret) == pytest.approx((0.05, 0.0, 0.175))
    assert (autotl.seconds, a.seconds_median, b.seconds) == (60, 20, 20)  # failed rows have no time
    assert autotl.budget_share == pytest.approx(1.0)
    assert (b.failures, found.failures, b.blocks) == (1, 1, 2)
    assert not found.uneven


def test_ties_share_a_win(row):
    found = board([row("a", 0.5), row("b", 0.5), row("c", 0.4)])
    assert [each.wins for each in found.standings] == [0.5, 0.5, 0]


def test_seeds_are_averaged_before_cases(row):
    rows = [row("a", 0.9, seed=seed) for seed in range(3)]
    rows += [row("a", 0.1, dataset="other", split="b2:other")]
    assert board(rows).standings[0].test == pytest.approx(0.5)


def test_different_coverage_is_reported(two_data_sets):
    found = board([*two_data_sets[:-1]])
    assert found.uneven
    assert (found.blocks, found.common_blocks) == (2, 1)
    assert standing(found, "b").rank == 2.5  # its only block


def test_intervals_contain_their_means(suite):
    for each in board(suite).standings:
        assert each.rank_ci95[0] <= each.rank <= each.rank_ci95[1]
        assert each.normalised_ci95[0] <= each.normalised <= each.normalised_ci95[1]
        assert each.regret_ci95[0] <= each.regret <= each.regret_ci95[1]


def test_the_order_of_rows_does_not_matter(suite):
    assert board(reversed(suite)) == board(suite)


def test_one_data_set_and_one_entrant_have_no_intervals(row):
    (only,) = board([row()]).standings
    assert (only.rank, only.normalised, only.regret, only.rank_ci95) == (1, 1, 0, None)


def test_an_entrant_that_only_failed_has_no_time(row):
    last = board([row("a"), row("b", None)]).standings[-1]
    assert (last.seconds, last.seconds_median, last.budget_share) == (None, None, None)
    assert last.normalised == 0


def test_no_rows_are_an_error():
    with pytest.raises(BenchError, match="no rows to rank"):
        board([])
