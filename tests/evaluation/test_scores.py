"""Scores with intervals."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.api import TargetSpec
from autotl.errors import MetricError
from autotl.evaluation import calibration_error, evaluate, gain, training_gain
from autotl.metrics import get_metric
from autotl.targets import SingleLabel

TWO, THREE, FOUR = (SingleLabel(TargetSpec("single_label", tuple(names))) for names in ("ab", "abc", "abcd"))


def drawn(rate: float, n: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    guesses = np.where(rng.random(n) < rate, labels, (labels + 1) % 3)
    return labels, (4 * np.eye(3)[guesses] + rng.normal(size=(n, 3)) * 0.1).astype(np.float32)


def test_the_interval_holds_the_value_and_narrows_with_more_images() -> None:
    small, large = (evaluate(*drawn(0.8, n), THREE, metric="accuracy", seed=0) for n in (100, 1600))
    for found in (small, large):
        assert found.ci95[0] < found.value < found.ci95[1]
    assert large.ci95[1] - large.ci95[0] < 0.5 * (small.ci95[1] - small.ci95[0])


def test_the_intervals_cover_the_truth_as_often_as_they_say() -> None:
    covered = 0
    for seed in range(60):
        labels, logits = drawn(0.8, 200, seed)
        low, high = evaluate(labels, logits, THREE, metric="accuracy", seed=seed).ci95
        covered += low <= 0.8 <= high
    assert 52 <= covered <= 60  # 95 % of 60 is 57


@pytest.mark.parametrize("measure", ["accuracy", "balanced_accuracy", "macro_f1"])
def test_a_model_has_no_gain_over_itself(measure: str) -> None:
    labels, logits = drawn(0.7, 120)
    found = gain(labels, logits, logits, metric=measure, seed=0)
    assert found.value == 0
    assert found.ci95 == (0, 0)


def test_a_paired_gain_is_narrower_than_two_separate_intervals() -> None:
    labels, ours = drawn(0.8)
    theirs = ours.copy()
    theirs[:15] = np.roll(theirs[:15], 1, axis=1)
    found = gain(labels, ours, theirs, metric="accuracy", seed=0)
    alone = evaluate(labels, ours, THREE, metric="accuracy", seed=0).ci95
    assert found.ci95[1] - found.ci95[0] < alone[1] - alone[0]


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    labels = np.array([0] * 70 + [1] * 30)
    sure = np.tile(np.log([0.7, 0.3]), (100, 1)).astype(np.float32)
    assert calibration_error(labels, sure, TWO) == pytest.approx(0.0, abs=1e-6)
    surer = np.tile(np.log([0.9, 0.1]), (100, 1)).astype(np.float32)
    assert calibration_error(labels, surer, TWO) == pytest.approx(0.2, abs=1e-6)


def test_a_class_without_test_images_is_reported_with_none() -> None:
    labels, logits = drawn(0.9, 60)
    wide = np.concatenate([logits, np.full((60, 1), -9, dtype=np.float32)], axis=1)
    found = evaluate(labels, wide, FOUR, metric="accuracy", seed=0)
    assert [each.n for each in found.per_class][-1] == 0
    assert np.array(found.confusion).shape == (4, 4)


def test_a_class_without_images_or_predictions_has_no_recall_and_no_precision() -> None:
    labels, logits = drawn(0.9, 60)
    wide = np.concatenate([logits, np.full((60, 1), -9, dtype=np.float32)], axis=1)
    found = evaluate(labels, wide, FOUR, metric="accuracy", seed=0).per_class[-1]
    assert (found.recall, found.precision, found.f1, found.recall_ci95) == (None, None, None, None)


def all_right(n: int) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(n) % 2
    return labels, (4 * np.eye(2)[labels]).astype(np.float32)


def test_twelve_of_twelve_is_74_to_100_percent() -> None:
    found = evaluate(*all_right(12), TWO, metric="accuracy", seed=0)
    assert found.ci95 == (pytest.approx(0.735, abs=1e-3), 1.0)
    assert found.per_class[0].recall_ci95 == (pytest.approx(0.541, abs=1e-3), 1.0)  # 6 of 6


@pytest.mark.parametrize("measure", ["balanced_accuracy", "macro_f1", "auroc", "log_loss"])
@pytest.mark.parametrize("n", [2, 12, 60])
def test_all_correct_predictions_leave_a_wide_interval(measure: str, n: int) -> None:
    found = evaluate(*all_right(n), TWO, metric=measure, seed=0)
    low, high = found.ci95
    assert low <= found.value <= high
    assert high - low > min(1.5 / n, 0.6)


@pytest.mark.parametrize(
    ("truth", "n"), [(0.9, 12), (0.95, 20), (0.98, 60), (0.98, 153), (0.5, 2), (0.999, 500)]
)
def test_the_interval_of_accuracy_covers_near_the_edge(truth: float, n: int) -> None:
    rng, held = np.random.default_rng(0), 0
    for _ in range(300):
        labels, right = rng.integers(0, 2, n), rng.random(n) < truth
        logits = np.eye(2, dtype=np.float32)[np.where(right, labels, 1 - labels)]
        low, high = evaluate(labels, logits, TWO, metric="accuracy", seed=0).ci95
        held += low <= truth <= high
    assert held >= 0.92 * 300


@pytest.mark.parametrize("measure", ["macro_f1", "auroc"])
def test_a_smoothed_bootstrap_covers_near_the_edge(measure: str) -> None:
    rng, n, held = np.random.default_rng(1), 60, 0

    def drawn_at(n: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(n) % 2
        answers = np.where(rng.random(n) < 0.97, labels, 1 - labels)
        return labels, (np.eye(2)[answers] * rng.uniform(1, 4, (n, 1))).astype(np.float32)

    truth = get_metric(measure)(*drawn_at(40_000))
    for seed in range(40):
        low, high = evaluate(*drawn_at(n), TWO, metric=measure, seed=seed).ci95
        held += low <= truth <= high
    assert held >= 36


@pytest.mark.parametrize("measure", ["accuracy", "balanced_accuracy", "macro_f1", "auroc", "log_loss"])
def test_perfect_arms_may_differ(measure: str) -> None:
    labels, ours = all_right(12)
    low, high = gain(labels, ours, 0.5 * ours, metric=measure, seed=0).ci95
    assert low < -0.04
    assert high > 0.04
    low, high = training_gain(labels, [ours], [0.5 * ours], metric=measure, seed=0, train_images=5000).ci95
    assert low < -0.1
    assert high > 0.1


def test_the_interval_of_a_gain_covers_near_the_edge() -> None:
    rng, n, held = np.random.default_rng(2), 60, 0
    for _ in range(300):
        labels = np.arange(n) % 2
        kind = rng.choice(3, n, p=[0.95, 0.04, 0.01])  # both are right, one alone is
        sides = [np.where(kind != lost, labels, 1 - labels) for lost in (2, 1)]
        ours, theirs = (np.eye(2, dtype=np.float32)[side] for side in sides)
        low, high = gain(labels, ours, theirs, metric="accuracy", seed=0).ci95
        held += low <= 0.03 <= high
    assert held >= 0.9 * 300


def test_auroc_of_one_class_is_undefined_with_a_reason() -> None:
    labels, logits = np.zeros(9, dtype=np.int64), drawn(0.9, 9)[1]
    with pytest.raises(MetricError, match="auroc is undefined here: all images are of one class"):
        evaluate(labels, logits, THREE, metric="auroc", seed=0)
    found = evaluate(labels, logits, THREE, metric="accuracy", seed=0)
    assert found.metrics["auroc"] is None
    assert "one class" in found.undefined["auroc"]
