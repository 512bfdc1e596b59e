import numpy as np
import pytest

from autotl.errors import DataError
from autotl.quality import label_issues


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
