"""Scores without labels are those of their papers, on predictions with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.adaptation.class_balance import class_distance
from autotl.adaptation.importance import importance_weighted_accuracy
from autotl.adaptation.information import mean_entropy, mutual_information
from autotl.adaptation.neighbourhood import MAX_ROWS, soft_neighbourhood_density

SURE = np.eye(3)[np.arange(30) % 3]
UNSURE = np.full((30, 3), 1 / 3)
COLLAPSED = np.eye(3)[np.zeros(30, dtype=int)]


def test_the_entropy_is_0_for_sure_and_log_k_for_uniform_predictions() -> None:
    assert mean_entropy(SURE) == pytest.approx(0.0, abs=1e-9)
    assert mean_entropy(UNSURE) == pytest.approx(np.log(3))


def test_mutual_information_is_high_only_if_predictions_are_sure_and_varied() -> None:
    assert mutual_information(SURE) == pytest.approx(np.log(3))
    assert mutual_information(UNSURE) == pytest.approx(0.0, abs=1e-9)
    assert mutual_information(COLLAPSED) == pytest.approx(0.0, abs=1e-9)


def test_the_neighbourhood_density_is_the_log_of_the_number_of_neighbours() -> None:
    assert soft_neighbourhood_density(SURE, seed=0) == pytest.approx(np.log(9), abs=1e-3)
    assert soft_neighbourhood_density(COLLAPSED, seed=0) == pytest.approx(np.log(29))
    scattered = np.random.default_rng(0).dirichlet(np.ones(3), 30)
    assert soft_neighbourhood_density(scattered, seed=0) < np.log(29)


def test_the_neighbourhood_density_compares_a_sample_of_many_images() -> None:
    many = np.tile(SURE, (100, 1))
    assert len(many) > MAX_ROWS
    found = soft_neighbourhood_density(many, seed=0)
    assert found == soft_neighbourhood_density(many, seed=0)
    assert found == pytest.approx(np.log(MAX_ROWS / 3), abs=0.05)


def test_the_class_distance_is_the_total_variation() -> None:
    prior = np.array([0.5, 0.25, 0.25])
    assert class_distance(SURE, np.full(3, 1 / 3)) == pytest.approx(0.0)
    assert class_distance(COLLAPSED, prior) == pytest.approx(0.5)
    assert class_distance(SURE, prior) == pytest.approx(1 / 6)


def test_the_weighted_accuracy_counts_images_by_their_weight() -> None:
    correct = np.array([True, True, False, False])
    assert importance_weighted_accuracy(correct, np.ones(4)) == 0.5
    assert importance_weighted_accuracy(correct, np.array([0.1, 0.1, 1.8, 2.0])) == pytest.approx(0.05)
