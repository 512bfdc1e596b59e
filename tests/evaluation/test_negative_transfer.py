"""A class is harmed by transfer only if the baseline has learned something, and not by its bias alone."""

from __future__ import annotations

import numpy as np

from autotl.api import TargetSpec
from autotl.evaluation import harmed_classes, target_gains
from autotl.targets import target_of

LABELS = np.arange(400) % 4
NAMES = ["a", "b", "c", "d"]
CLASSES = target_of(TargetSpec("single_label", tuple(NAMES)))


def logits(answers: np.ndarray) -> np.ndarray:
    return np.eye(4, dtype=np.float32)[answers]


def answers(recalls: list[float], rng: np.random.Generator) -> np.ndarray:
    right = rng.random(len(LABELS)) < np.array(recalls)[LABELS]
    return np.where(right, LABELS, (LABELS + rng.integers(1, 4, len(LABELS))) % 4)


def test_a_network_that_always_predicts_one_class_harms_none() -> None:
    ours = answers([0.6, 0.6, 0.6, 0.6], np.random.default_rng(0))
    assert harmed_classes(LABELS, logits(ours), logits(np.zeros_like(LABELS)), NAMES) == ()


def test_a_class_that_the_baseline_knows_better_is_found() -> None:
    rng = np.random.default_rng(1)
    ours, theirs = answers([0.9, 0.9, 0.9, 0.3], rng), answers([0.8, 0.8, 0.8, 0.9], rng)
    (found,) = harmed_classes(LABELS, logits(ours), logits(theirs), NAMES)
    assert found.name == "d"
    assert found.gain.ci95[1] < 0


def test_a_recall_with_many_false_positives_does_not_count() -> None:
    rng = np.random.default_rng(2)
    ours, theirs = answers([0.9] * 4, rng), answers([0.5, 0.5, 0.5, 1.0], rng)
    theirs[theirs != LABELS] = 3  # it predicts d for all classes that it does not know
    assert harmed_classes(LABELS, logits(ours), logits(theirs), NAMES) == ()


def test_many_equal_classes_yield_few_by_chance() -> None:
    rng, found = np.random.default_rng(3), 0
    labels = np.repeat(np.arange(30), 20)
    for _ in range(10):
        sides = [np.where(rng.random(600) < 0.7, labels, (labels + 1) % 30) for _ in range(2)]
        ours, theirs = (np.eye(30, dtype=np.float32)[side] for side in sides)
        found += len(harmed_classes(labels, ours, theirs, [str(c) for c in range(30)]))
    assert found <= 1


def test_every_class_has_its_gain_and_holm_marks_the_significant_ones() -> None:
    rng = np.random.default_rng(1)
    ours, theirs = answers([0.9, 0.9, 0.7, 0.3], rng), answers([0.5, 0.9, 0.7, 0.9], rng)
    found = target_gains(LABELS, logits(ours), logits(theirs), CLASSES)
    assert [each.name for each in found] == NAMES
    assert [each.significant for each in found] == [True, False, False, True]
    assert found[0].gain.value > 0.2
    assert found[3].gain.value < -0.4


def test_a_baseline_that_learned_nothing_gives_no_gain_on_classes() -> None:
    ours = answers([0.6, 0.6, 0.6, 0.6], np.random.default_rng(0))
    assert target_gains(LABELS, logits(ours), logits(np.zeros_like(LABELS)), CLASSES) == ()
