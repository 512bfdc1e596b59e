"""Simulate how often the 95 % intervals of scores and of gains contain the true value.

    python -m benchmarks.coverage --draws 1500

Each table has a row for each number of test images. For accuracy, there is a column for each true accuracy.
Its coverage is computed exactly: it is 95 % or more, and nearly 100 % if few outcomes are possible. For the
gain of one model or one training method over another, there is a column for each pair of true accuracies with
the correlation of the correct answers. For other metrics (--metrics), the truth is the score of 50,000
images. Expect a minute for accuracy and the gain of models, and some minutes for each other table.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from autotl.evaluation import evaluate, training_gain
from autotl.evaluation.intervals import difference_interval, proportion_interval
from autotl.metrics import get_metric

IMAGES = (2, 3, 5, 8, 12, 20, 30, 60, 100, 153, 200, 300, 500)
TRUTHS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
PAIRS = (
    (0.5, 0.5, 0.5),
    (0.8, 0.5, 0.3),
    (0.9, 0.9, 0.5),
    (0.95, 0.9, 0.5),
    (0.99, 0.9, 0.3),
    (0.99, 0.99, 0.5),
    (0.999, 0.95, 0.0),
    (0.999, 0.99, 0.0),
)
"""True accuracies of two models, and the correlation of their correct answers."""
TRAIN_PER_TEST = 4
"""Training images for each test image in simulated gains of training."""
METRICS = ("balanced_accuracy", "macro_f1", "auroc", "log_loss")
MAX_LOGIT = 4.0

Flags = NDArray[np.bool_]
Logits = NDArray[np.float32]


def simulated_logits(labels: NDArray[np.int64], correct: Flags, rng: np.random.Generator) -> Logits:
    """Return logits (n, 2) of a model with given correct answers and random confidence.

    Args:
        labels: Class indices, 0 or 1, (n,).
        correct: Whether each answer is correct, (n,).
        rng: Draws the confidence.
    """
    logits = np.zeros((len(labels), 2), np.float32)
    confidence = MAX_LOGIT * rng.uniform(0.25, 1.0, len(labels))
    logits[np.arange(len(labels)), np.where(correct, labels, 1 - labels)] = confidence
    return logits


def outcome_probabilities(pair: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return the probabilities that both models are correct, only the first, only the second, neither."""
    one, other, correlation = pair
    both = one * other + correlation * np.sqrt(one * (1 - one) * other * (1 - other))
    both = min(both, one, other)
    found = np.maximum([both, one - both, other - both, 1 - one - other + both], 0)
    return found / found.sum()


def of_accuracy(n: int, truth: float, rng: np.random.Generator, *, draws: int) -> float:
    """Return the exact coverage of the intervals of accuracy.

    Args:
        n: Number of test images.
        truth: The true accuracy.
        rng: Not used.
        draws: Not used.
    """
    covered = [low <= truth <= high for low, high in (_proportion(hits, n) for hits in range(n + 1))]
    return float(binom.pmf(np.arange(n + 1), n, truth) @ np.array(covered))


_proportion = cache(proportion_interval)


@cache
def _difference(counts: tuple[int, ...]) -> tuple[float, float]:
    kind = np.repeat(np.arange(4), counts)
    return difference_interval(kind <= 1, kind % 2 == 0)


def of_gain(n: int, pair: tuple[float, float, float], rng: np.random.Generator, *, draws: int) -> float:
    """Return the coverage of the intervals of the difference between two models.

    Args:
        n: Number of test images.
        pair: True accuracies, and the correlation of correct answers.
        rng: Draws test sets.
        draws: Number of test sets.
    """
    truth, covered = pair[0] - pair[1], 0
    for counts in rng.multinomial(n, outcome_probabilities(pair), size=draws).tolist():
        low, high = _difference(tuple(counts))
        covered += low - 1e-9 <= truth <= high + 1e-9
    return covered / draws


def of_training(n: int, pair: tuple[float, float, float], rng: np.random.Generator, *, draws: int) -> float:
    """Return the coverage of the intervals of the difference between two training methods.

    The accuracy of a network varies between trainings as much as is assumed for a single network.

    Args:
        n: Number of test images.
        pair: True mean accuracies, and the correlation of correct answers.
        rng: Draws networks and test sets.
        draws: Number of test sets.
    """
    n_train, covered = TRAIN_PER_TEST * n, 0
    for _ in range(draws):
        one, other = (float(np.clip(rng.normal(p, np.sqrt(p * (1 - p) / n_train)), 0, 1)) for p in pair[:2])
        kind = rng.choice(4, n, p=outcome_probabilities((one, other, pair[2])))
        labels = rng.integers(0, 2, n)
        sides = [[simulated_logits(labels, correct, rng)] for correct in (kind <= 1, kind % 2 == 0)]
        low, high = training_gain(labels, *sides, metric="accuracy", seed=0, train_images=n_train).ci95
        covered += low <= pair[0] - pair[1] <= high
    return covered / draws


def of_metric(measure: str) -> Callable[..., float]:
    """Return a function like :func:`of_gain` that simulates the intervals of another metric."""

    @cache
    def score(truth: float) -> float:
        rng, labels = np.random.default_rng(0), np.arange(50_000) % 2
        known = get_metric(measure)
        return known.reported(known(labels, simulated_logits(labels, rng.random(50_000) < truth, rng)))

    def coverage(n: int, truth: float, rng: np.random.Generator, *, draws: int) -> float:
        covered = 0
        for _ in range(draws):
            labels = np.arange(n) % 2
            logits = simulated_logits(labels, rng.random(n) < truth, rng)
            seed = int(rng.integers(2**31))
            low, high = evaluate(labels, logits, ["a", "b"], metric=measure, seed=seed).ci95
            covered += low - 1e-3 <= score(truth) <= high + 1e-3
        return covered / draws

    return coverage


def table(
    title: str,
    columns: Sequence[object],
    coverage: Callable[..., float],
    *,
    draws: int,
    images: Sequence[int],
) -> None:
    """Print the coverage in percent.

    Args:
        title: Title of the table.
        columns: The truth of each column.
        coverage: Computes a cell.
        draws: Number of simulated test sets.
        images: Numbers of test images.
    """
    print(f"\n{title}\n\n| images | {' | '.join(map(str, columns))} |\n| --: |{' --: |' * len(columns)}")
    for n in images:
        rng = np.random.default_rng(n)
        found = [coverage(n, each, rng, draws=draws) for each in columns]
        print(f"| {n} | {' | '.join(f'{100 * each:.1f}' for each in found)} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--draws", type=int, default=1500)
    parser.add_argument("--images", type=int, nargs="+", default=IMAGES)
    parser.add_argument("--trainings", action="store_true", help="gains of training methods as well")
    parser.add_argument("--metrics", action="store_true", help="other metrics as well")
    given = parser.parse_args()
    table("accuracy", TRUTHS, of_accuracy, draws=given.draws, images=given.images)
    table("gain of one model over another", PAIRS, of_gain, draws=given.draws, images=given.images)
    if given.trainings:
        few = max(1, given.draws // 5)
        table("gain of one training method over another", PAIRS, of_training, draws=few, images=given.images)
    if given.metrics:
        for each in METRICS:
            several = [n for n in given.images if n > 3]
            table(each, TRUTHS, of_metric(each), draws=max(1, given.draws // 10), images=several)


if __name__ == "__main__":
    main()
