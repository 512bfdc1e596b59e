"""Metrics, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from autotl.errors import UnknownName
from autotl.train import metric


@pytest.fixture
def drawn() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.choice(4, 200, p=[0.6, 0.2, 0.15, 0.05])
    return labels, (rng.normal(size=(200, 4)) + 1.5 * np.eye(4)[labels]).astype(np.float32)


def test_metrics_agree_with_scikit_learn(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    labels, logits = drawn
    guesses = logits.argmax(1)
    assert metric("accuracy")(labels, logits) == pytest.approx(accuracy_score(labels, guesses))
    assert metric("balanced_accuracy")(labels, logits) == pytest.approx(
        balanced_accuracy_score(labels, guesses)
    )
    assert metric("macro_f1")(labels, logits) == pytest.approx(f1_score(labels, guesses, average="macro"))


def test_a_class_missing_from_a_fold_does_not_count(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    labels, logits = drawn
    present = labels < 3
    expected = np.mean([(logits[labels == c].argmax(1) == c).mean() for c in range(3)])
    assert metric("balanced_accuracy")(labels[present], logits[present]) == pytest.approx(expected)


def test_a_metric_nobody_knows_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'accuracy'"):
        metric("acuracy")
