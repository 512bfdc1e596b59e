"""Scores with intervals."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.results import calibration_error, evaluate, gain


def drawn(rate: float, n: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    guesses = np.where(rng.random(n) < rate, labels, (labels + 1) % 3)
    return labels, (4 * np.eye(3)[guesses] + rng.normal(size=(n, 3)) * 0.1).astype(np.float32)


def test_the_interval_holds_the_value_and_narrows_with_more_images() -> None:
    small, large = (
        evaluate(*drawn(0.8, n), ["a", "b", "c"], measure="accuracy", seed=0) for n in (100, 1600)
    )
    for found in (small, large):
        assert found.ci95[0] < found.value < found.ci95[1]
    assert large.ci95[1] - large.ci95[0] < 0.5 * (small.ci95[1] - small.ci95[0])


def test_the_intervals_cover_the_truth_as_often_as_they_say() -> None:
    covered = 0
    for seed in range(60):
        labels, logits = drawn(0.8, 200, seed)
        low, high = evaluate(labels, logits, ["a", "b", "c"], measure="accuracy", seed=seed).ci95
        covered += low <= 0.8 <= high
    assert 52 <= covered <= 60  # 95 % of 60 is 57


@pytest.mark.parametrize("measure", ["accuracy", "balanced_accuracy", "macro_f1"])
def test_a_model_has_no_gain_over_itself(measure: str) -> None:
    labels, logits = drawn(0.7, 120)
    found = gain(labels, logits, logits, measure=measure, seed=0)
    assert found.value == 0
    assert found.ci95 == (0, 0)


def test_a_paired_gain_is_narrower_than_two_separate_intervals() -> None:
    labels, ours = drawn(0.8)
    theirs = ours.copy()
    theirs[:15] = np.roll(theirs[:15], 1, axis=1)
    found = gain(labels, ours, theirs, measure="accuracy", seed=0)
    alone = evaluate(labels, ours, ["a", "b", "c"], measure="accuracy", seed=0).ci95
    assert found.ci95[1] - found.ci95[0] < alone[1] - alone[0]


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    labels = np.array([0] * 70 + [1] * 30)
    sure = np.tile(np.log([0.7, 0.3]), (100, 1)).astype(np.float32)
    assert calibration_error(labels, sure) == pytest.approx(0.0, abs=1e-6)
    surer = np.tile(np.log([0.9, 0.1]), (100, 1)).astype(np.float32)
    assert calibration_error(labels, surer) == pytest.approx(0.2, abs=1e-6)


def test_a_class_without_test_images_is_reported_with_none() -> None:
    labels, logits = drawn(0.9, 60)
    wide = np.concatenate([logits, np.full((60, 1), -9, dtype=np.float32)], axis=1)
    found = evaluate(labels, wide, ["a", "b", "c", "d"], measure="accuracy", seed=0)
    assert [each.n for each in found.per_class][-1] == 0
    assert np.array(found.confusion).shape == (4, 4)
