import numpy as np
import pytest

from autotl.quality import LabelIssues, conflicting, plan_cleaning

LABELS = np.array([0] * 6 + [1] * 6)


def issues(**doubts: float) -> LabelIssues:
    """Return doubtful rows from their self-confidences: ``r3=0.1``."""
    rows = np.array([int(name[1:]) for name in doubts], dtype=np.int64)
    trust = np.array(list(doubts.values()))
    return LabelIssues(rows, LABELS[rows], 1 - LABELS[rows], trust, 1 - trust)


NONE = issues()


def plan(mode, *, labels=LABELS, issues=NONE, groups=(), leaks=()):
    conflicts = conflicting(labels, groups, "single_label")
    return plan_cleaning(
        labels=labels, issues=issues, groups=groups, conflicts=conflicts, leaks=leaks, mode=mode
    )


@pytest.mark.parametrize("mode", ["report", "drop", "weight"])
def test_clean_data_are_unchanged(mode):
    found = plan(mode)
    assert len(found.drop) == 0
    assert found.weights.tolist() == [1.0] * 12
    assert found.why == {}


def test_the_mode_report_changes_nothing():
    found = plan("report", issues=issues(r1=0.1), groups=[(2, 3)], leaks=[(4, 0)])
    assert len(found.drop) == 0
    assert found.weights.tolist() == [1.0] * 12
    assert found.why == {}


def test_dropping_removes_leaks_doubtful_rows_and_all_copies_but_one():
    found = plan("drop", issues=issues(r1=0.01), groups=[(2, 3)], leaks=[(8, 0), (8, 1)])
    assert found.drop.tolist() == [1, 3, 8]
    assert found.drop.dtype == np.int64
    assert "probably wrong" in found.why[1]
    assert "another training image" in found.why[3]
    assert "test image" in found.why[8]
    assert found.weights.tolist() == [1.0] * 12


def test_of_copies_the_least_doubtful_is_kept_and_a_leak_never():
    assert plan("drop", issues=issues(r2=0.2), groups=[(2, 3, 4)]).drop.tolist() == [2, 4]
    assert plan("drop", groups=[(2, 3, 4)], leaks=[(2, 0)]).drop.tolist() == [2, 4]


def test_copies_that_are_all_doubtful_are_all_dropped():
    assert plan("drop", issues=issues(r2=0.01, r3=0.02), groups=[(2, 3)]).drop.tolist() == [2, 3]


def test_slightly_doubtful_rows_are_not_dropped():
    found = plan("drop", issues=issues(r1=0.04, r2=0.06))
    assert found.drop.tolist() == [1]
    assert plan("weight", issues=issues(r2=0.06)).weights[2] < 0.1


def test_copies_with_different_labels_are_all_dropped():
    found = plan("drop", groups=[(5, 6)])
    assert found.drop.tolist() == [5, 6]
    assert "another label" in found.why[5]


def test_a_class_keeps_its_two_best_rows():
    doubtful = issues(r0=0.01, r1=0.03, r2=0.02, r3=0.005)
    found = plan("drop", issues=doubtful, leaks=[(4, 0), (5, 1)])
    assert found.drop.tolist() == [0, 3, 4, 5]
    assert set(found.why) == {0, 3, 4, 5}


def test_the_only_row_of_a_class_is_kept():
    labels = np.array([0, 0, 0, 0, 1])
    assert plan("drop", labels=labels, leaks=[(4, 2)]).drop.tolist() == []
    assert plan("weight", labels=labels, leaks=[(4, 2)]).weights.tolist() == [1.0] * 5


def test_weights_are_small_for_doubts_shared_by_copies_and_zero_for_leaks():
    found = plan("weight", issues=issues(r1=0.1), groups=[(2, 3), (5, 6)], leaks=[(8, 0)])
    assert len(found.drop) == 0
    assert found.weights.mean() == pytest.approx(1)
    relative = found.weights / found.weights[0]
    np.testing.assert_allclose(relative, [1, 0.1, 0.5, 0.5, 1, 0.5, 0.5, 1, 0, 1, 1, 1])
    assert set(found.why) == {1, 2, 3, 5, 6, 8}


def test_every_class_keeps_some_weight():
    found = plan("weight", leaks=[(row, 0) for row in range(6)])
    assert (found.weights[:6] > 0).sum() == 2
    assert found.weights.mean() == pytest.approx(1)


def test_label_sets_conflict_in_any_label_and_numbers_if_far_apart():
    sets = np.array([[1, 0, 0], [1, 0, 1], [0, 1, 0], [0, 1, 0]], dtype=np.float32)
    assert conflicting(sets, [(0, 1), (2, 3)], "multi_label") == [True, False]
    numbers = np.array([[0.0, 5.0], [0.01, 5.0], [1.0, 5.0], [1.5, 7.0]], dtype=np.float32)
    assert conflicting(numbers, [(0, 1), (2, 3)], "regression") == [False, True]


def test_copies_with_almost_equal_numbers_keep_one_though_their_strata_differ():
    found = plan_cleaning(
        labels=LABELS, issues=NONE, groups=[(5, 6)], conflicts=[False], leaks=(), mode="drop"
    )
    assert found.drop.tolist() == [6]
