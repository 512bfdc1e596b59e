import sys

import numpy as np
import pytest
from scipy.stats import friedmanchisquare, wilcoxon

from autotl.errors import BenchError
from autotl.leaderboard.rows.pivot import make_grid
from autotl.leaderboard.stats.significance import compare_entrants, dataset_means

posthocs = pytest.importorskip("scikit_posthocs")


def rows_of(row, scores):
    """Return a row per data set and entrant; ``scores`` has a list over data sets per entrant."""
    return [
        row(entrant, float(score), dataset=f"d{d:02}", split=f"b2:{d}")
        for entrant, column in scores.items()
        for d, score in enumerate(column)
    ]


@pytest.fixture
def scores():
    rng = np.random.default_rng(1)
    level = rng.uniform(0.4, 0.6, size=12)
    above = {"a": 0.2, "b": 0.19, "c": 0.05, "d": 0.0}
    return {name: (level + up + rng.normal(0, 0.02, 12)).round(4) for name, up in above.items()}


def test_friedman_and_nemenyi_agree_with_other_libraries(row, scores):
    found = compare_entrants(make_grid(rows_of(row, scores))).friedman
    matrix = np.column_stack(list(scores.values()))
    assert (found.statistic, found.p) == pytest.approx(tuple(friedmanchisquare(*matrix.T)))
    expected = posthocs.posthoc_nemenyi_friedman(matrix).to_numpy()
    for first, second, p in found.nemenyi:
        assert p == pytest.approx(expected["abcd".index(first), "abcd".index(second)])


def test_nemenyi_and_the_critical_difference_agree(row, scores):
    found = compare_entrants(make_grid(rows_of(row, scores))).friedman
    places = dict(found.ranks)
    assert found.critical_difference == pytest.approx(
        2.569 * np.sqrt(4 * 5 / (6 * 12)), abs=1e-3
    )  # Demšar's table
    for first, second, p in found.nemenyi:
        assert (abs(places[first] - places[second]) >= found.critical_difference) == (p < 0.05)


def test_groups_contain_neighbours_without_a_significant_difference(row, scores):
    found = compare_entrants(make_grid(rows_of(row, scores))).friedman
    assert found.groups == (("a", "b"), ("b", "c"), ("c", "d"))
    for first, second, p in found.nemenyi:
        assert any({first, second} <= set(group) for group in found.groups) == (p >= 0.05)


def test_without_a_friedman_difference_all_are_one_group(row):
    rng = np.random.default_rng(0)
    same = {name: rng.uniform(0.5, 0.6, 6).round(4) for name in "abc"}
    found = compare_entrants(make_grid(rows_of(row, same))).friedman
    assert found.p > 0.05
    assert [sorted(group) for group in found.groups] == [["a", "b", "c"]]


def test_entrants_that_are_equal_everywhere_are_one_group(row):
    found = compare_entrants(make_grid(rows_of(row, {name: [0.5, 0.6, 0.7] for name in "abc"}))).friedman
    assert (found.p, found.groups) == (1.0, (("a", "b", "c"),))


def test_pairs_are_wilcoxons_with_holms_correction(row, scores):
    found = compare_entrants(make_grid(rows_of(row, scores))).pairs
    matrix = np.column_stack(list(scores.values()))
    corrected = posthocs.posthoc_wilcoxon(matrix.T.tolist(), p_adjust="holm").to_numpy()
    for pair in found:
        i, j = "abcd".index(pair.first), "abcd".index(pair.second)
        assert pair.p == pytest.approx(wilcoxon(matrix[:, i], matrix[:, j]).pvalue)
        assert pair.p_holm == pytest.approx(corrected[i, j])
        assert pair.difference == pytest.approx(np.mean(matrix[:, i] - matrix[:, j]))


def test_five_data_sets_get_no_p(row):
    found = compare_entrants(make_grid(rows_of(row, {"a": [0.9] * 5, "b": [0.1] * 5})))
    (pair,) = found.pairs
    assert (pair.p, pair.p_holm, pair.significant, found.min_p_holm) == (None, None, False, None)
    assert "5 common data sets: p < .05 needs 6 or more" in pair.reason


def test_six_clear_data_sets_are_significant(row):
    (pair,) = compare_entrants(
        make_grid(rows_of(row, {"a": [0.9] * 6, "b": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]}))
    ).pairs
    assert pair.p == pytest.approx(2 / 2**6)
    assert pair.significant


def test_ties_can_leave_too_few_data_sets_for_a_test(row):
    (pair,) = compare_entrants(
        make_grid(rows_of(row, {"a": [0.9] * 6, "b": [0.9, 0.1, 0.2, 0.3, 0.4, 0.5]}))
    ).pairs
    assert pair.p is None
    assert "equal on 1 of 6 data sets" in pair.reason


def test_too_many_pairs_for_significance_are_reported(suite):
    found = compare_entrants(make_grid(suite))
    assert found.min_p_holm == pytest.approx(28 * 2 / 2**6)
    assert not any(pair.significant for pair in found.pairs)


def test_pairs_use_common_blocks(row):
    rows = rows_of(row, {"a": [0.5] * 8, "b": [0.4] * 7, "c": [0.3] * 6})
    found = {(pair.first, pair.second): pair.datasets for pair in compare_entrants(make_grid(rows)).pairs}
    assert found == {("a", "b"): 7, ("a", "c"): 6, ("b", "c"): 6}
    assert compare_entrants(make_grid(rows)).friedman.datasets == 6


def test_tests_are_over_data_sets_and_not_blocks(row):
    rows = [
        row(name, score + seed / 100, dataset=d, seed=seed, shots=shots, split=f"b2:{d}{seed}{shots}")
        for name, score in (("a", 0.5), ("b", 0.4), ("c", 0.3))
        for d in "xyz"
        for seed in range(4)
        for shots in (5, 10)
    ]
    laid = make_grid(rows)
    assert compare_entrants(laid).friedman.datasets == 3
    assert compare_entrants(laid).friedman.blocks == 24
    np.testing.assert_allclose(dataset_means(laid, laid.common(), [0]), [[0.515]] * 3)


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        ({"a": [0.5] * 3, "b": [0.4] * 3}, "3 entrants or more"),
        ({name: [0.5, 0.6] for name in "abc"}, "3 data sets"),
    ],
)
def test_too_few_data_sets_for_friedman_are_reported(row, scores, why):
    found = compare_entrants(make_grid(rows_of(row, scores)))
    assert found.friedman is None
    assert why in found.reason


def test_one_entrant_has_no_comparison(row):
    assert compare_entrants(make_grid([row()])).pairs == ()


def test_the_error_for_a_missing_library_names_it(suite, monkeypatch):
    monkeypatch.setitem(sys.modules, "scikit_posthocs", None)
    with pytest.raises(BenchError, match=r"pip install 'autotl\[bench\]'"):
        compare_entrants(make_grid(suite))
