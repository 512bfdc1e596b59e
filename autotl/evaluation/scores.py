"""Score a model on the test part, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autotl.errors import MetricError
from autotl.evaluation.intervals import Interval, of_mean_share, of_share
from autotl.evaluation.resampling import interval, resampled
from autotl.metrics import METRICS, Metric, class_frequency_logits, get_metric, softmax

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one class fared.

    Attributes:
        name: The class.
        n: Its number of images.
        recall: The share of them that is answered correctly; None without images.
        precision: The share of its answers that are correct; None if it is never answered.
        f1: The harmonic mean of both; None without images and answers.
        recall_ci95: The exact 95 % interval of ``recall``; None without images.
    """

    name: str
    n: int
    recall: float | None
    precision: float | None
    f1: float | None
    recall_ci95: Interval | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's score on labelled images, with a 95 % interval over the images.

    The interval of accuracy is Clopper and Pearson's. That of balanced accuracy is made of the intervals of
    the classes, and those of other metrics are by a bootstrap, smoothed if nearly all answers are right or
    wrong.

    ``value``, ``ci95``, ``always_majority`` and ``metrics`` are numbers as people read them: of a log-loss
    lower is better, as ``higher_is_better`` says; where it is a share, ``percent`` is true.

    ``calibration_error`` is the expected calibration error over 15 equal-width bins (Guo et al., ICML 2017),
    and ``always_majority`` the score of always giving each class the chance that is its share of the images,
    and so of naming the commonest; None where the metric cannot tell. ``metrics`` has the same answers by
    every metric there is, None where it is undefined on these labels, and then ``undefined`` says why.
    """

    get_metric: str
    value: float
    ci95: tuple[float, float]
    n: int
    per_class: tuple[ClassScore, ...]
    calibration_error: float
    confusion: tuple[tuple[int, ...], ...]
    always_majority: float | None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    higher_is_better: bool = True
    percent: bool = True
    undefined: Mapping[str, str] = field(default_factory=dict)


def evaluate(
    labels: Labels, logits: Logits, classes: Sequence[str], *, measure: str | Metric, seed: int
) -> Evaluation:
    """Score logits (n, classes) against labels (n,).

    Raises MetricError if the metric is undefined on these labels.
    """
    # takes about as long to import as torch, and a prediction needs none of it
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    score = get_metric(measure)
    if why := score.why_undefined(labels):
        raise MetricError(
            f"{score.name} is undefined here: {why}. Add images of others, or choose another metric."
        )
    guesses = logits.argmax(1)
    right = guesses == labels
    every = np.arange(len(classes))
    precision, recall, f1, n = precision_recall_fscore_support(
        labels, guesses, labels=every, zero_division=0.0
    )
    answered = np.bincount(guesses, minlength=len(classes))
    undefined = {name: why for name, each in METRICS.items() if (why := each.why_undefined(labels))}
    value = score(labels, logits)
    low, high = sorted(map(score.reported, _interval(score, value, labels, logits, right, seed=seed)))
    return Evaluation(
        score.name,
        score.reported(value),
        (low, high),
        len(labels),
        tuple(
            ClassScore(
                name,
                int(n[i]),
                float(recall[i]) if n[i] else None,
                float(precision[i]) if answered[i] else None,
                float(f1[i]) if n[i] + answered[i] else None,
                of_share(int(right[labels == i].sum()), int(n[i])) if n[i] else None,
            )
            for i, name in enumerate(classes)
        ),
        calibration_error(labels, logits),
        tuple(map(tuple, confusion_matrix(labels, guesses, labels=every).tolist())),
        _of_shares(score, labels, len(classes)),
        {
            name: None if name in undefined else each.reported(each(labels, logits))
            for name, each in METRICS.items()
        },
        score.higher_is_better,
        score.percent,
        undefined,
    )


def _interval(
    score: Metric, value: float, labels: Labels, logits: Logits, right: NDArray[np.bool_], *, seed: int
) -> Interval:
    """Return the 95 % interval of the score that is searched by."""
    if score.name == "accuracy":
        return of_share(int(right.sum()), len(labels))
    if score.name == "balanced_accuracy":
        return of_mean_share(right, labels)
    return interval(resampled(score, labels, [logits], seed=seed)[0], value, score.bounds)


def _of_shares(score: Metric, labels: Labels, classes: int) -> float | None:
    try:
        return score.reported(score(labels, class_frequency_logits(labels, classes)))
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
