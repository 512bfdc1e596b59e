"""Validation minus test, and how far it is from chance."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.evaluation import selection_bias


def scored(n: int, right: float, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    labels = np.random.default_rng(seed).integers(0, 2, n)
    answers = np.where(np.arange(n) < right * n, labels, 1 - labels)
    return labels, np.eye(2, dtype=np.float32)[answers]


def test_its_error_is_that_of_two_independent_shares() -> None:
    folds = [scored(200, 0.8, seed=fold) for fold in range(5)]
    found = selection_bias(0.8, folds, scored(500, 0.7, seed=9), metric="accuracy", seed=0)
    assert found is not None
    assert found.value == pytest.approx(0.1)
    assert found.se == pytest.approx(np.sqrt(0.16 / 1000 + 0.21 / 500), rel=0.1)
    assert found.ci95[0] < found.value < found.ci95[1]


def test_without_a_validation_score_there_is_none() -> None:
    assert selection_bias(None, [], scored(10, 1.0, seed=0), metric="accuracy", seed=0) is None
