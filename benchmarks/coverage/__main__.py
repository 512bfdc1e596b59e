"""Simulate how often the 95% intervals of scores and of gains hold the true value, and print tables.

    python -m benchmarks.coverage --draws 1500

One row per number of test images. For accuracy there is a column per true accuracy, and the coverage is
computed, not drawn: it is 95% or more, and nearly 100% if few outcomes are possible. For the gain of one
model over another, and of one way of training over another, there is a column per pair of true accuracies
and correlation of their right answers. For other metrics (--metrics) the truth is the score of 50,000 images.
Expect a minute for accuracy and the gain of models, and some minutes for each other table.
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
"""True accuracies of two models, and the correlation of their right answers."""
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


def kinds(pair: tuple[float, float, float]) -> NDArray[np.float64]:
    """The chances that both models are right about an image, the first alone, the second alone, neither."""
    one, other, correlation = pair
    both = one * other + correlation * np.sqrt(one * (1 - one) * other * (1 - other))
    both = min(both, one, other)
    found = np.maximum([both, one - both, other - both, 1 - one - other + both], 0)
    return found / found.sum()


def of_accuracy(n: int, truth: float, rng: np.random.Generator, *, draws: int) -> float:
    """The share of test parts whose interval holds the true accuracy, without drawing any."""
    held = [low <= truth <= high for low, high in (_share(hits, n) for hits in range(n + 1))]
    return float(binom.pmf(np.arange(n + 1), n, truth) @ np.array(held))


_share = cache(proportion_interval)


@cache
def _difference(counts: tuple[int, ...]) -> tuple[float, float]:
    kind = np.repeat(np.arange(4), counts)
    return difference_interval(kind <= 1, kind % 2 == 0)


def of_gain(n: int, pair: tuple[float, float, float], rng: np.random.Generator, *, draws: int) -> float:
    """The share of drawn test parts whose interval holds the true difference of two models."""
    truth, held = pair[0] - pair[1], 0
    for counts in rng.multinomial(n, kinds(pair), size=draws).tolist():
        low, high = _difference(tuple(counts))
        held += low - 1e-9 <= truth <= high + 1e-9
    return held / draws


def of_training(n: int, pair: tuple[float, float, float], rng: np.random.Generator, *, draws: int) -> float:
    """The share of draws whose interval holds the difference of two ways of training.

    Their networks differ from one training to the next as much as is assumed of one network.
    """
    learned, held = LEARNED * n, 0
    for _ in range(draws):
        one, other = (float(np.clip(rng.normal(p, np.sqrt(p * (1 - p) / learned)), 0, 1)) for p in pair[:2])
        kind = rng.choice(4, n, p=kinds((one, other, pair[2])))
        labels = rng.integers(0, 2, n)
        sides = [[answers(labels, right, rng)] for right in (kind <= 1, kind % 2 == 0)]
        low, high = training_gain(labels, *sides, metric="accuracy", seed=0, train_images=learned).ci95
        held += low <= pair[0] - pair[1] <= high
    return held / draws


def of_metric(measure: str) -> Callable[..., float]:
    """The same as :func:`of_accuracy` for another metric, by drawing."""

    @cache
    def score(truth: float) -> float:
        rng, labels = np.random.default_rng(0), np.arange(50_000) % 2
        known = get_metric(measure)
        return known.reported(known(labels, answers(labels, rng.random(50_000) < truth, rng)))

    def held(n: int, truth: float, rng: np.random.Generator, *, draws: int) -> float:
        found = 0
        for _ in range(draws):
            labels = np.arange(n) % 2
            logits = answers(labels, rng.random(n) < truth, rng)
            seed = int(rng.integers(2**31))
            low, high = evaluate(labels, logits, ["a", "b"], metric=measure, seed=seed).ci95
            found += low - 1e-3 <= score(truth) <= high + 1e-3
        return found / draws

    return held


def table(
    title: str, columns: Sequence[object], share: Callable[..., float], *, draws: int, images: Sequence[int]
) -> None:
    """Print the percentage of test parts whose interval holds the truth."""
    print(f"\n{title}\n\n| images | {' | '.join(map(str, columns))} |\n| --: |{' --: |' * len(columns)}")
    for n in images:
        rng = np.random.default_rng(n)
        found = [share(n, each, rng, draws=draws) for each in columns]
        print(f"| {n} | {' | '.join(f'{100 * each:.1f}' for each in found)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--draws", type=int, default=1500)
    parser.add_argument("--images", type=int, nargs="+", default=IMAGES)
    parser.add_argument("--trainings", action="store_true", help="gains of ways of training as well")
    parser.add_argument("--metrics", action="store_true", help="other metrics as well")
    told = parser.parse_args()
    table("accuracy", TRUTHS, of_accuracy, draws=told.draws, images=told.images)
    table("gain of one model over another", PAIRS, of_gain, draws=told.draws, images=told.images)
    if told.trainings:
        few = max(1, told.draws // 5)
        table("gain of one way of training over another", PAIRS, of_training, draws=few, images=told.images)
    if told.metrics:
        for each in METRICS:
            several = [n for n in told.images if n > 3]
            table(each, TRUTHS, of_metric(each), draws=max(1, told.draws // 10), images=several)


if __name__ == "__main__":
    main()
