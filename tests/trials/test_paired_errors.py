"""The standard error of a difference if images are validated repeatedly."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.api import FoldScore
from autotl.metrics import METRICS, Metric, get_metric
from autotl.trials.paired_errors import Folds, PairedErrors

N, K, REPEATS = 100, 5, 3


def cuts(rng: np.random.Generator) -> list[np.ndarray]:
    """The validation rows of each fold of each repeat."""
    return [rows for _ in range(REPEATS) for rows in np.array_split(rng.permutation(N), K)]


def spreads(
    rows: list[np.ndarray], labels: np.ndarray, measure: Metric = METRICS["accuracy"]
) -> PairedErrors:
    return PairedErrors([labels[own] for own in rows], rows, measure, 1.0)


def shown(
    number: int, known: PairedErrors, chance: np.ndarray, rng: np.random.Generator, *, passing: float
) -> Folds:
    """Return a trial that is correct with a probability for each image; ``passing`` of it is drawn in each
    fold.
    """
    luck, found = rng.random(N), {}
    for fold, rows in enumerate(known.rows):
        own = np.where(rng.random(len(rows)) < passing, rng.random(len(rows)), luck[rows])
        right = own < chance[rows]
        labels = known.labels[fold]
        logits = np.eye(2, dtype=np.float32)[np.where(right, labels, 1 - labels)]
        logits += rng.normal(0, 0.1, logits.shape).astype(np.float32)
        found[fold] = FoldScore(fold, known.metric(labels, logits), logits, 1.0, 1)
    return number, found


def pair(known: PairedErrors, rng: np.random.Generator, *, passing: float) -> tuple[Folds, Folds]:
    chance = np.full(N, 0.8)
    one, other = (shown(number, known, chance, rng, passing=passing) for number in (0, 1))
    return one, other


def of_means(known: PairedErrors, one: Folds, other: Folds) -> float:
    """The standard error of the mean, over images, of each image's mean difference."""
    each: list[list[float]] = [[] for _ in range(N)]
    for fold, rows in enumerate(known.rows):
        hits = [side[1][fold].outputs.argmax(1) == known.labels[fold] for side in (one, other)]
        for row, ours, theirs in zip(rows, *hits, strict=True):
            each[row].append(float(ours) - float(theirs))
    return float(np.std([np.mean(own) for own in each]) / np.sqrt(N))


def test_repeated_images_are_averaged_first() -> None:
    rng = np.random.default_rng(0)
    known = spreads(cuts(rng), rng.integers(0, 2, N))
    one, other = pair(known, rng, passing=0.3)
    assert known.standard_error(one, other) == pytest.approx(of_means(known, one, other))


def test_it_equals_the_standard_error_over_many_draws() -> None:
    """Counting each validation as an image would give little more than half of it."""
    rng = np.random.default_rng(1)
    apart, promised, independent = [], [], []
    for _ in range(300):
        known = spreads(cuts(rng), rng.integers(0, 2, N))
        one, other = pair(known, rng, passing=0.1)
        differences = [
            (one[1][fold].outputs.argmax(1) == labels) * 1.0 - (other[1][fold].outputs.argmax(1) == labels)
            for fold, labels in enumerate(known.labels)
        ]
        apart.append(np.mean([each.mean() for each in differences]))
        promised.append(known.standard_error(one, other))
        independent.append(np.concatenate(differences).std() / np.sqrt(N * REPEATS))
    assert np.mean(promised) == pytest.approx(np.std(apart), rel=0.12)
    assert np.mean(independent) < 0.7 * np.std(apart)


def test_without_repeats_it_is_the_plain_standard_error() -> None:
    rng = np.random.default_rng(2)
    known = spreads(cuts(rng)[:K], rng.integers(0, 2, N))
    one, other = pair(known, rng, passing=0.5)
    assert known.standard_error(one, other) == pytest.approx(of_means(known, one, other))


@pytest.mark.parametrize("name", ["auroc", "log_loss", "own"])
def test_an_identical_repeat_does_not_lower_the_standard_error(name: str) -> None:
    def own(labels: np.ndarray, chances: np.ndarray) -> float:
        return float(chances[np.arange(len(labels)), labels].mean())

    rng = np.random.default_rng(3)
    rows = np.array_split(rng.permutation(N), K)
    measure = get_metric(own if name == "own" else name)
    known = spreads([*rows, *rows, *rows], rng.integers(0, 2, N), measure)
    one, other = (
        (number, {n: FoldScore(n, 0.0, folds[n % K].outputs, 1.0, 1) for n in range(REPEATS * K)})
        for number, folds in pair(known, rng, passing=0.0)
    )
    first = [(number, {n: folds[n] for n in range(K)}) for number, folds in (one, other)]
    assert known.standard_error(one, other) == pytest.approx(known.standard_error(*first))


def test_variance_from_the_cut_is_separated_from_the_rest() -> None:
    found = {}
    for passing in (0.0, 0.5, 1.0):
        rng = np.random.default_rng(4)
        known = spreads(cuts(rng), rng.integers(0, 2, N))
        found[passing] = known.repeat_information(*pair(known, rng, passing=passing))
    assert found[0.0] < 0.1
    assert 0.5 < found[0.5] < 0.9  # half of each trial's luck on each meeting: of a pair, three quarters
    assert found[1.0] > 0.9


def test_half_of_the_variance_is_assumed_to_come_from_the_cut() -> None:
    rng = np.random.default_rng(5)
    known = spreads(cuts(rng)[:K], rng.integers(0, 2, N))
    assert known.repeat_information(*pair(known, rng, passing=0.2)) == pytest.approx(0.5)
