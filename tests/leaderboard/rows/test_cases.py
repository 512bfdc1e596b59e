import pytest

from autotl.leaderboard.rows.cases import case_labels, case_results
from autotl.leaderboard.rows.pivot import Case, make_grid


def test_a_label_names_only_what_differs():
    cases = [Case("x", 0, "tiny", 60.0), Case("x", 5, "tiny", 60.0)]
    assert case_labels(cases) == ["x · all images", "x · 5 shots"]
    assert case_labels([Case("x", 0, "tiny", 60.0), Case("y", 0, "big", 90.0)]) == [
        "x · tiny · 1 min",
        "y · big · 1 min 30 s",
    ]
    assert case_labels([Case("x", 0, "tiny", 60.0)]) == ["x"]
    suites = [Case("x", 0, "tiny", 60.0, suite) for suite in ("public", "mine")]
    assert case_labels(suites) == ["x · public", "x · mine"]


def test_the_winner_is_the_single_strategy_with_the_best_mean_over_seeds(row):
    rows = [row("a", score, seed=seed, family="frozen") for seed, score in enumerate((0.9, 0.2))]
    rows += [row("b", score, seed=seed, family="scratch") for seed, score in enumerate((0.6, 0.6))]
    rows += [row("autotl", 0.99, seed=seed) for seed in (0, 1)]
    (found,) = case_results(make_grid(rows))
    assert (found.strategy, found.family, found.best) == ("b", "scratch", pytest.approx(0.6))


def test_cells_show_failures(row):
    rows = [row("a", 0.5), row("a", None, seed=1), row("b", None), row("b", None, seed=1)]
    (found,) = case_results(make_grid(rows))
    a, b = found.cells
    assert (a.test, a.failures, a.seeds) == (pytest.approx((0.5 + 0.2) / 2), 1, 2)
    assert (b.test, b.failures) == (None, 2)


def test_a_case_in_which_all_failed_has_no_winner(row):
    (found,) = case_results(make_grid([row("a", None)]))
    assert (found.strategy, found.family, found.best) == ("", "", None)
