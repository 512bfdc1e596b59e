"""Score a model on the test part, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autotl.train import METRICS, Metric, metric, shares, softmax

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one class fared; ``n`` is its number of test images."""

    name: str
    n: int
    recall: float
    precision: float
    f1: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's score on labelled images, with a 95 % bootstrap interval over the images.

    ``value``, ``ci95``, ``always_majority`` and ``metrics`` are numbers as people read them: of a log-loss
    lower is better, as ``higher_is_better`` says; where it is a share, ``percent`` is true.

    ``calibration_error`` is the expected calibration error over 15 equal-width bins (Guo et al., ICML 2017),
    and ``always_majority`` the score of always giving each class the chance that is its share of the images,
    and so of naming the commonest; None where the metric cannot tell. ``metrics`` has the same answers by
    every metric there is.
    """

    metric: str
    value: float
    ci95: tuple[float, float]
    n: int
    per_class: tuple[ClassScore, ...]
    calibration_error: float
    confusion: tuple[tuple[int, ...], ...]
    always_majority: float | None
    metrics: Mapping[str, float] = field(default_factory=dict)
    higher_is_better: bool = True
    percent: bool = True


def evaluate(
    labels: Labels, logits: Logits, classes: Sequence[str], *, measure: str | Metric, seed: int
) -> Evaluation:
    """Score logits (n, classes) against labels (n,)."""
    # takes about as long to import as torch, and a prediction needs none of it
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    score = metric(measure)
    guesses = logits.argmax(1)
    every = np.arange(len(classes))
    precision, recall, f1, n = precision_recall_fscore_support(
        labels, guesses, labels=every, zero_division=0.0
    )
    ends = interval(resampled(score, labels, logits, seed=seed))
    low, high = sorted(map(score.shown, ends))
    return Evaluation(
        score.name,
        score.shown(score(labels, logits)),
        (low, high),
        len(labels),
        tuple(
            ClassScore(name, int(n[i]), float(recall[i]), float(precision[i]), float(f1[i]))
            for i, name in enumerate(classes)
        ),
        calibration_error(labels, logits),
        tuple(map(tuple, confusion_matrix(labels, guesses, labels=every).tolist())),
        _of_shares(score, labels, len(classes)),
        {name: each.shown(each(labels, logits)) for name, each in METRICS.items()},
        score.higher_is_better,
        score.percent,
    )


def _of_shares(score: Metric, labels: Labels, classes: int) -> float | None:
    try:
        return score.shown(score(labels, shares(labels, classes)))
    except Exception:  # a stranger's code: it need not bear answers that are all alike
        return None


def calibration_error(labels: Labels, logits: Logits, *, bins: int = 15) -> float:
    """The mean gap between confidence and accuracy over equal-width bins of confidence, weighted by their
    images.
    """
    chances = softmax(logits.astype(np.float64), axis=1)
    confidence, hits = chances.max(1), chances.argmax(1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(confidence[bin_of == b].mean() - hits[bin_of == b].mean()) * (bin_of == b).mean()
        for b in range(bins)
        if (bin_of == b).any()
    ]
    return float(sum(gaps))


def resampled(measure: str | Metric, labels: Labels, *several: Logits, seed: int) -> NDArray[np.float64]:
    """The metric on bootstrap samples of the images, the mean over several networks; the same seed draws the
    same images. NaN where a user's own function cannot score a sample.
    """
    score = metric(measure)
    rng = np.random.default_rng(seed)
    n = len(labels)
    if score.mean is not None:
        each = np.mean([score.mean(labels, logits) for logits in several], axis=0)
        # the number of times each image is drawn, in blocks that fit in memory
        return np.concatenate(
            [rng.multinomial(n, np.full(n, 1 / n), size=100) @ each / n for _ in range(RESAMPLES // 100)]
        )
    if score.counted is not None:
        blocks = (
            np.stack([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(100)]).astype(float)
            for _ in range(RESAMPLES // 400)
        )
        return np.concatenate(
            [np.mean([score.counted(labels, each, counts) for each in several], axis=0) for counts in blocks]
        )
    draws = (rng.integers(0, n, n) for _ in range(RESAMPLES // 4))
    return np.array([_on(score, labels[rows], [logits[rows] for logits in several]) for rows in draws])


def _on(score: Metric, labels: Labels, several: Sequence[Logits]) -> float:
    try:
        return float(np.mean([score(labels, logits) for logits in several]))
    except Exception:
        if not score.own:
            raise
        return float("nan")  # a stranger's code: it need not bear a sample that lacks a class


def interval(drawn: NDArray[np.float64]) -> tuple[float, float]:
    """The middle 95 % of what was drawn; NaN where nothing could be."""
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return float("nan"), float("nan")
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
