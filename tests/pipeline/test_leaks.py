"""Folds count as independent if few validation images have a near copy in training."""

from __future__ import annotations

import numpy as np

from autotl.api import Fold
from autotl.pipeline.leaks import shared_with_training

FOLDS = [Fold(np.arange(5, 10), np.arange(5)), Fold(np.arange(5), np.arange(5, 10))]


def test_sets_inside_a_fold_share_nothing() -> None:
    assert shared_with_training(FOLDS, [np.array([0, 0, 0, -1, -1, 1, 1, -1, -1, -1])]) == 0.0


def test_validation_images_with_a_set_across_are_counted_once() -> None:
    copies = np.array([0, -1, -1, -1, -1, 0, -1, -1, -1, -1])
    groups = np.array([0, 1, -1, -1, -1, 0, 1, -1, -1, -1])
    assert shared_with_training(FOLDS, [copies, groups]) == 0.4
    assert shared_with_training(FOLDS, []) == 0.0
