"""Reliability bins hold the probabilities and the frequencies that the calibration error compares."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.api import TargetSpec
from autotl.evaluation import calibration_error, reliability
from autotl.targets import target_of

CLASSES = target_of(TargetSpec("single_label", ("a", "b")))
LABELS = target_of(TargetSpec("multi_label", ("a", "b", "c")))
NUMBERS = target_of(TargetSpec("regression", ("age",), (40.0,), (10.0,)))


def logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def test_classes_count_by_the_predicted_class() -> None:
    outputs = np.array([[logit(0.9), 0.0]] * 4 + [[0.0, logit(0.6)]] * 2, dtype=np.float32)
    found = reliability(np.array([0, 0, 0, 1, 1, 0]), outputs, CLASSES)
    assert [each.n for each in found] == [2, 4]
    assert [each.stated for each in found] == pytest.approx([0.6, 0.9], abs=1e-6)
    assert [each.observed for each in found] == [0.5, 0.75]


def test_the_bins_add_up_to_the_calibration_error() -> None:
    rng = np.random.default_rng(0)
    outputs = rng.normal(size=(200, 2)).astype(np.float32)
    targets = rng.integers(0, 2, 200)
    found = reliability(targets, outputs, CLASSES)
    assert sum(each.n for each in found) == 200
    gap = sum(abs(each.stated - each.observed) * each.n for each in found) / 200
    assert calibration_error(targets, outputs, CLASSES) == pytest.approx(gap)


def test_labels_count_together_and_numbers_not_at_all() -> None:
    rng = np.random.default_rng(0)
    outputs = rng.normal(size=(30, 3)).astype(np.float32)
    assert sum(each.n for each in reliability((outputs > 0).astype(int), outputs, LABELS)) == 90
    assert reliability(np.zeros((30, 1)), outputs[:, :1], NUMBERS) == ()
