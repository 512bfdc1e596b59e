import numpy as np
import pytest

from autotl.errors import DataError
from autotl.quality import label_issues, multi_label_issues, number_issues


def confident(labels: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Return probabilities that support the labels to different degrees."""
    logits = rng.normal(0, 1, (len(labels), k))
    logits[np.arange(len(labels)), labels] += 5
    odds = np.exp(logits)
    return odds / odds.sum(1, keepdims=True)


def test_flipped_labels_are_found_with_their_suggestions():
    rng = np.random.default_rng(0)
    truth = np.arange(200) % 4
    odds = confident(truth, 4, rng)
    given = truth.copy()
    given[:10] = (given[:10] + 1) % 4
    found = label_issues(given, odds)
    assert set(range(10)) == set(found.rows.tolist())
    np.testing.assert_array_equal(found.given, given[found.rows])
    np.testing.assert_array_equal(found.suggested, truth[found.rows])
    assert (np.diff(found.self_confidence) >= 0).all()
    np.testing.assert_allclose(found.self_confidence, odds[found.rows, found.given])
    np.testing.assert_allclose(found.confidence, odds[found.rows].max(1))


def test_clean_labels_are_not_flagged():
    truth = np.arange(200) % 4
    assert len(label_issues(truth, np.eye(4)[truth] * 0.8 + 0.05)) == 0


def test_zero_probabilities_and_tiny_or_empty_classes_are_accepted():
    labels = np.array([0] * 20 + [1] * 20 + [3])
    odds = np.eye(5)[labels]  # classes 2 and 4 have no row
    assert len(label_issues(labels, odds)) == 0
    odds[0] = np.eye(5)[1]
    found = label_issues(labels, odds)
    assert found.rows.tolist() == [0]
    assert found.suggested.tolist() == [1]
    assert 0 < found.self_confidence[0] < 1e-8


def test_one_row_of_a_class_can_be_flagged():
    labels = np.array([0] * 20 + [1] * 20 + [2])
    odds = np.eye(3)[labels] * 0.9 + 0.1 / 3
    odds[-1] = [0.97, 0.02, 0.01]
    assert set(label_issues(labels, odds).rows.tolist()) <= {40}


@pytest.mark.parametrize("n", [0, 1, 3, 30])
def test_a_single_class_is_not_flagged(n):
    assert len(label_issues(np.ones(n, dtype=np.int64), np.tile([0.7, 0.2, 0.1], (n, 1)))) == 0


def test_fewer_rows_than_classes_are_accepted():
    labels = np.array([0, 3, 6])
    assert len(label_issues(labels, np.eye(8)[labels])) == 0


@pytest.mark.parametrize(
    ("labels", "odds", "said"),
    [
        ([0, 1], [[1.0, 0.0]], "each of the 2 labels"),
        ([0, 2], [[1.0, 0.0], [0.0, 1.0]], "from 0 to 1"),
        ([0, 1], [[np.nan, 0.0], [0.0, 1.0]], "finite"),
        ([0, 1], [[1.5, -0.5], [0.0, 1.0]], "negative"),
    ],
)
def test_inconsistent_arguments_are_an_error(labels, odds, said):
    with pytest.raises(DataError, match=said):
        label_issues(np.array(labels), np.array(odds))


def several(n=300, seed=0):
    """Return labels of images, and probabilities that support them."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((n, 3)) < (0.5, 0.3, 0.1)).astype(np.float32)
    logits = 3 * (2 * truth - 1) + rng.normal(size=truth.shape)
    return truth, 1 / (1 + np.exp(-logits))


def test_flipped_entries_of_several_labels_are_found_in_both_directions():
    truth, odds = several()
    given = truth.copy()
    flipped = {(i, i % 3) for i in range(24)}
    for row, column in flipped:
        given[row, column] = 1 - given[row, column]
    found = multi_label_issues(given, odds)
    pairs = set(zip(found.rows.tolist(), found.columns.tolist(), strict=True))
    assert len(pairs & flipped) >= 0.8 * len(flipped)
    assert len(pairs - flipped) <= 5
    assert {given[pair] for pair in pairs & flipped} == {0.0, 1.0}
    assert (np.diff(found.scores) >= 0).all()
    assert found.scores.max() < 0.5


def test_clean_labels_and_labels_of_all_images_are_not_flagged():
    truth, _ = several()
    assert len(multi_label_issues(truth, 0.9 * truth + 0.05)) == 0
    assert len(multi_label_issues(np.ones((40, 2), np.float32), np.full((40, 2), 0.3))) == 0


def test_numbers_far_from_their_prediction_are_found():
    rng = np.random.default_rng(0)
    truth = rng.normal(50, 10, (200, 2))
    predicted = truth + rng.normal(0, 2, truth.shape)
    truth[3, 1] *= 10
    truth[8, 0] += 25
    found = number_issues(truth, predicted)
    assert list(zip(found.rows.tolist(), found.columns.tolist(), strict=True)) == [(3, 1), (8, 0)]
    assert found.scores[0] > found.scores[1] > 5


def test_numbers_without_spread_or_rows_are_not_flagged():
    assert len(number_issues(np.ones((30, 1)), np.ones((30, 1)))) == 0
    assert len(number_issues(np.ones((0, 2)), np.ones((0, 2)))) == 0
    heavy = np.random.default_rng(0).normal(size=(2000, 1))
    assert len(number_issues(heavy, np.zeros_like(heavy))) == 0
