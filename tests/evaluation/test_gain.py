"""The interval of a gain holds the truth as often as it says, however few trainings show it."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.evaluation import Gain, training_gain

LABELS = np.arange(200) % 2
TRAIN_IMAGES = 100


def answers(rate: float, rng: np.random.Generator) -> np.ndarray:
    right = rng.random(len(LABELS)) < rate
    return np.eye(2, dtype=np.float32)[np.where(right, LABELS, 1 - LABELS)]


def measured(
    means: tuple[float, float],
    rng: np.random.Generator,
    *,
    repeats: int,
    spread: float,
    train_images: int = TRAIN_IMAGES,
) -> Gain:
    """The gain between two ways of training whose networks' true scores vary by ``spread``."""
    sides = [
        [answers(float(np.clip(rng.normal(mean, spread), 0, 1)), rng) for _ in range(repeats)]
        for mean in means
    ]
    return training_gain(LABELS, *sides, metric="accuracy", seed=0, train_images=train_images)


@pytest.mark.parametrize(
    ("repeats", "spread"),  # 0.046 is the assumed spread for 100 images at a score of 0.7
    [
        (1, 0.046),
        pytest.param(5, 0.02, marks=pytest.mark.slow),
        pytest.param(1, 0.02, marks=pytest.mark.slow),
        pytest.param(2, 0.02, marks=pytest.mark.slow),
        pytest.param(2, 0.046, marks=pytest.mark.slow),
        pytest.param(5, 0.046, marks=pytest.mark.slow),
    ],
)
def test_no_difference_is_found_where_trainings_alone_differ(repeats: int, spread: float) -> None:
    rng = np.random.default_rng(1)
    found = [measured((0.7, 0.7), rng, repeats=repeats, spread=spread) for _ in range(60)]
    assert sum(each.direction != 0 for each in found) <= 7  # 3 are to be expected at most
    assert sum(each.ci95[0] <= 0 <= each.ci95[1] for each in found) >= 53


def test_many_trainings_make_up_for_a_wrong_assumption() -> None:
    rng = np.random.default_rng(2)
    found = [measured((0.7, 0.7), rng, repeats=8, spread=0.08, train_images=10_000) for _ in range(60)]
    assert sum(each.direction != 0 for each in found) <= 10


def test_a_real_difference_is_found() -> None:
    rng = np.random.default_rng(3)
    found = [measured((0.92, 0.7), rng, repeats=3, spread=0.02) for _ in range(30)]
    assert sum(each.direction == 1 for each in found) >= 28
    worse = [measured((0.7, 0.92), rng, repeats=3, spread=0.02) for _ in range(30)]
    assert sum(each.direction == -1 for each in worse) >= 28


def test_more_trainings_and_more_images_narrow_it() -> None:
    def width(repeats: int, train_images: int) -> float:
        rng = np.random.default_rng(4)
        low, high = measured((0.8, 0.7), rng, repeats=repeats, spread=0.01, train_images=train_images).ci95
        return high - low

    assert width(5, 100) < width(1, 100)
    assert width(1, 2000) < width(1, 100)


def test_it_is_the_mean_over_the_trainings() -> None:
    rng = np.random.default_rng(5)
    sides = [[answers(0.8, rng) for _ in range(3)], [answers(0.6, rng)]]
    found = training_gain(LABELS, *sides, metric="accuracy", seed=0, train_images=TRAIN_IMAGES)
    scores = [[float((each.argmax(1) == LABELS).mean()) for each in side] for side in sides]
    assert found.value == pytest.approx(np.mean(scores[0]) - np.mean(scores[1]))
    assert found.trainings == (3, 1)
    assert found.ci95[0] < found.value < found.ci95[1]


@pytest.mark.parametrize("measure", ["balanced_accuracy", "macro_f1", "log_loss", "auroc"])
def test_other_metrics_have_a_gain_too(measure: str) -> None:
    rng = np.random.default_rng(6)
    sides = [[answers(0.9, rng)], [answers(0.6, rng)]]
    assert training_gain(LABELS, *sides, metric=measure, seed=0, train_images=TRAIN_IMAGES).direction == 1


def test_two_networks_that_make_no_mistake_do_not_differ() -> None:
    perfect = [np.eye(2, dtype=np.float32)[LABELS]]
    found = training_gain(LABELS, perfect, perfect, metric="accuracy", seed=0, train_images=TRAIN_IMAGES)
    assert found.value == 0
    assert found.direction == 0
    assert found.ci95[0] < 0 < found.ci95[1]
