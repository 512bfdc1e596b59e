"""The interval of a gain that is paired by fold holds the truth, and shared images narrow it.

Two ways of training fit linear classifiers on the same folds, so the true gain is known without images.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from autotl.evaluation import Gain, paired_training_gain, training_gain
from autotl.evaluation.trainings.variance import PRIOR_TRAININGS, training_variance

Array = NDArray[np.float64]
FEATURES, FOLDS, PER_FOLD, TESTED, DRAWS = 5, 5, 8, 100, 40
MEAN = np.full(FEATURES, 0.27)
"""Mean of one class; the other's is its negative."""
WEAK, STRONG = 1.0, 20.0
"""Ridge penalties of the two ways of training."""


def images(count: int, rng: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
    labels = np.arange(count) % 2
    return rng.normal(size=(count, FEATURES)) + np.outer(2 * labels - 1, MEAN), labels


def fitted(found: tuple[Array, NDArray[np.int64]], rows: NDArray[np.int64], penalty: float) -> Array:
    """The weights of a ridge classifier, with the bias last."""
    features, labels = found
    inputs = np.column_stack([features[rows], np.ones(len(rows))])
    penalties = penalty * np.diag([1.0] * FEATURES + [0.0])
    return np.linalg.solve(inputs.T @ inputs + penalties, inputs.T @ (2.0 * labels[rows] - 1))


def true_accuracy(weights: Array) -> float:
    margin, scale = weights[:-1] @ MEAN, np.linalg.norm(weights[:-1])
    return float(norm.cdf([(margin + weights[-1]) / scale, (margin - weights[-1]) / scale]).mean())


def outputs(weights: Array, features: Array) -> NDArray[np.float32]:
    scores = features @ weights[:-1] + weights[-1]
    return np.column_stack([-scores, scores]).astype(np.float32)


@cache
def true_gain() -> float:
    rng = np.random.default_rng(0)
    rows = np.arange(PER_FOLD * (FOLDS - 1))
    found = []
    for _ in range(1000):
        drawn = images(len(rows), rng)
        found.append(true_accuracy(fitted(drawn, rows, STRONG)) - true_accuracy(fitted(drawn, rows, WEAK)))
    return float(np.mean(found))


def measured(rng: np.random.Generator, *, shared: bool, folds: int = FOLDS) -> tuple[Gain, Gain]:
    """The paired and the unpaired gain of one run; the sides have the same images if they are shared."""
    ours = images(PER_FOLD * FOLDS, rng)
    theirs = ours if shared else images(PER_FOLD * FOLDS, rng)
    features, labels = images(TESTED, rng)
    order = rng.permutation(PER_FOLD * FOLDS).reshape(FOLDS, PER_FOLD)
    rows = [np.setdiff1d(order, order[fold]) for fold in range(folds)]
    pairs = [
        (outputs(fitted(ours, each, STRONG), features), outputs(fitted(theirs, each, WEAK), features))
        for each in rows
    ]
    usual = {"metric": "accuracy", "seed": 0, "train_images": len(rows[0])}
    return (
        paired_training_gain(labels, pairs, held_out=1 / FOLDS, **usual),
        training_gain(labels, *map(list, zip(*pairs, strict=True)), **usual),
    )


def width(found: Gain) -> float:
    return found.ci95[1] - found.ci95[0]


@pytest.mark.parametrize("shared", [True, False])
def test_the_interval_holds_the_true_gain(shared: bool) -> None:
    rng, truth = np.random.default_rng(1), true_gain()
    runs = [measured(rng, shared=shared) for _ in range(DRAWS)]
    assert sum(one.ci95[0] <= truth <= one.ci95[1] for one, _ in runs) >= 0.9 * DRAWS
    if shared:
        widths = np.mean([(width(one), width(other)) for one, other in runs], axis=0)
        assert widths[0] < 0.8 * widths[1]


def test_two_shared_folds_cover_too_and_are_wider_than_five() -> None:
    rng, truth = np.random.default_rng(2), true_gain()
    two = [measured(rng, shared=True, folds=2)[0] for _ in range(DRAWS)]
    five = [measured(rng, shared=True)[0] for _ in range(20)]
    assert sum(each.ci95[0] <= truth <= each.ci95[1] for each in two) >= 0.9 * DRAWS
    assert np.mean([width(each) for each in two]) > np.mean([width(each) for each in five])


def test_it_is_the_mean_of_the_differences_of_folds() -> None:
    found, other = measured(np.random.default_rng(3), shared=True)
    assert found.value == pytest.approx(other.value)
    assert (found.trainings, found.paired, other.paired) == ((FOLDS, FOLDS), True, False)
    assert found.ci95[0] < found.value < found.ci95[1]


def test_equal_networks_have_no_gain_but_an_interval() -> None:
    features, labels = images(TESTED, np.random.default_rng(4))
    weights = np.append(MEAN, 0.0)
    pairs = [(outputs(weights, features), outputs(weights, features))] * FOLDS
    found = paired_training_gain(labels, pairs, metric="accuracy", seed=0, train_images=32, held_out=0.2)
    assert (found.value, found.direction) == (0, 0)
    assert found.ci95[0] < 0 < found.ci95[1]


@pytest.mark.parametrize("metric", ["balanced_accuracy", "log_loss", "auroc"])
def test_other_metrics_are_paired_too(metric: str) -> None:
    rng = np.random.default_rng(5)
    features, labels = images(TESTED, rng)
    good = [outputs(np.append(MEAN + rng.normal(0, 0.02, FEATURES), 0.0), features) for _ in range(3)]
    pairs = [(each, each[:, ::-1].copy()) for each in good]  # the other side has the classes exchanged
    found = paired_training_gain(labels, pairs, metric=metric, seed=0, train_images=32, held_out=0.2)
    assert found.direction == 1


def test_more_folds_of_the_same_images_help_less_than_more_trainings() -> None:
    scores = [0.1, 0.2, 0.1, 0.2, 0.1]
    known = training_variance(scores, 0.0, shared=0.25)
    assert known.value == pytest.approx(training_variance(scores, 0.0).value * (0.2 + 0.25) / 0.2)
    assert known.freedom == PRIOR_TRAININGS + 4
    assumed = [training_variance([0.1] * 5, 0.01, shared=shared).value for shared in (0.0, 0.25)]
    assert assumed[0] == pytest.approx(assumed[1]) == pytest.approx(0.01 * 4 / 8 / 5)
