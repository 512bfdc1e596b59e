"""Simulate how often the 95% intervals of scores and of gains hold the true value, and print tables.

    python -m benchmarks.coverage --draws 1000

Accuracy has one row per number of test images and one column per true accuracy: the interval holds the truth
in 95 of 100 draws or more, and in 99 or more if few outcomes are possible. A gain has a column per pair of
true accuracies, whose answers agree by a correlation. For other metrics the truth is the mean over draws of
50,000 images. A minute for accuracy and gains, some minutes for the others (--metrics).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.results import evaluate, gain, gain_of_training
from autotl.train import metric

IMAGES = (2, 3, 5, 8, 12, 20, 30, 60, 100, 153, 200, 300, 500)
TRUTHS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
PAIRS = (
    (0.5, 0.5),
    (0.8, 0.5),
    (0.9, 0.9),
    (0.95, 0.9),
    (0.99, 0.9),
    (0.99, 0.99),
    (0.999, 0.95),
    (0.999, 0.99),
)
CORRELATION = 0.3
LEARNED = 4
"""Training images for each test image, where gains of training are simulated."""
METRICS = ("balanced_accuracy", "macro_f1", "auroc", "log_loss")
SURE = 4.0

Flags = NDArray[np.bool_]


def answers(labels: NDArray[np.int64], right: Flags, rng: np.random.Generator) -> NDArray[np.float32]:
    """Logits (n, 2) of a model that answers these images correctly, and is more or less sure of it."""
    logits = np.zeros((len(labels), 2), np.float32)
    sure = SURE * rng.uniform(0.25, 1.0, len(labels))
    logits[np.arange(len(labels)), np.where(right, labels, 1 - labels)] = sure
    return logits


def two(n: int, pair: tuple[float, float], rng: np.random.Generator) -> tuple[Flags, Flags]:
    """Which of n images each of two models answers correctly."""
    one, other = pair
    both = one * other + CORRELATION * np.sqrt(one * (1 - one) * other * (1 - other))
    both = min(both, one, other)
    kind = rng.choice(4, n, p=np.maximum([both, one - both, other - both, 1 - one - other + both], 0))
    return kind <= 1, kind % 2 == 0


def of_accuracy(n: int, truth: float, rng: np.random.Generator, measure: str = "accuracy") -> bool:
    """Whether the interval of one draw holds the true accuracy."""
    labels = rng.integers(0, 2, n)
    logits = answers(labels, rng.random(n) < truth, rng)
    low, high = evaluate(labels, logits, ["a", "b"], measure=measure, seed=int(rng.integers(2**31))).ci95
    return low <= truth <= high


def of_gain(n: int, pair: tuple[float, float], rng: np.random.Generator) -> bool:
    """Whether the interval of one draw holds the true difference of two models."""
    labels = rng.integers(0, 2, n)
    sides = [answers(labels, right, rng) for right in two(n, pair, rng)]
    low, high = gain(labels, *sides, measure="accuracy", seed=0).ci95
    return bool(low - 1e-9 <= pair[0] - pair[1] <= high + 1e-9)


def of_training(n: int, pair: tuple[float, float], rng: np.random.Generator) -> bool:
    """Whether the interval of one draw holds the difference of two ways of training.

    Their networks differ from one training to the next as much as is assumed of one network.
    """
    labels, learned = rng.integers(0, 2, n), LEARNED * n
    drawn = [float(np.clip(rng.normal(p, np.sqrt(p * (1 - p) / learned)), 0, 1)) for p in pair]
    sides = [[answers(labels, right, rng)] for right in two(n, (drawn[0], drawn[1]), rng)]
    found = gain_of_training(labels, *sides, measure="accuracy", seed=0, learned=learned)
    return found.ci95[0] <= pair[0] - pair[1] <= found.ci95[1]


def of_metric(measure: str) -> Callable[[int, float, np.random.Generator], bool]:
    """The same as :func:`of_accuracy` for another metric."""
    known: dict[float, float] = {}

    def held(n: int, truth: float, rng: np.random.Generator) -> bool:
        if truth not in known:
            labels = rng.integers(0, 2, 50_000)
            score = metric(measure)
            known[truth] = score.shown(score(labels, answers(labels, rng.random(50_000) < truth, rng)))
        labels = np.arange(n) % 2
        logits = answers(labels, rng.random(n) < truth, rng)
        low, high = evaluate(labels, logits, ["a", "b"], measure=measure, seed=int(rng.integers(2**31))).ci95
        return low - 1e-3 <= known[truth] <= high + 1e-3

    return held


def table(
    title: str, columns: Sequence[object], held: Callable[..., bool], *, draws: int, images: Sequence[int]
) -> None:
    """Print the percentage of draws whose interval holds the truth."""
    print(f"\n{title}\n\n| images | {' | '.join(map(str, columns))} |\n| --: |{' --: |' * len(columns)}")
    for n in images:
        rng = np.random.default_rng(n)
        found = [np.mean([held(n, each, rng) for _ in range(draws)]) for each in columns]
        print(f"| {n} | {' | '.join(f'{100 * each:.1f}' for each in found)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--images", type=int, nargs="+", default=IMAGES)
    parser.add_argument("--metrics", action="store_true", help="other metrics as well")
    told = parser.parse_args()
    table("accuracy", TRUTHS, of_accuracy, draws=told.draws, images=told.images)
    table("gain of one model over another", PAIRS, of_gain, draws=told.draws, images=told.images)
    table(
        "gain of one way of training over another", PAIRS, of_training, draws=told.draws, images=told.images
    )
    if told.metrics:
        for each in METRICS:
            few = [n for n in told.images if n > 3]
            table(each, TRUTHS, of_metric(each), draws=max(1, told.draws // 5), images=few)


if __name__ == "__main__":
    main()
