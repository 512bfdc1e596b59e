"""Score a model on the test images, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target, TargetSpec
from autotl.errors import MetricError
from autotl.evaluation.intervals import Interval, mean_proportion_interval, proportion_interval
from autotl.evaluation.resampling import bootstrap_interval, bootstrap_scores
from autotl.metrics import METRICS, Metric, correct, get_metric, softmax
from autotl.targets import SingleLabel

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ClassScore:
    """The scores of one class.

    Attributes:
        name: The class.
        n: Its images.
        recall: Fraction of its images that are predicted correctly, in [0, 1]; None without images.
        precision: Fraction of its predictions that are correct, in [0, 1]; None without predictions.
        f1: The harmonic mean of both; None without images and predictions.
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
    """A model's scores on labelled images, as reports show them.

    The interval of accuracy is Clopper and Pearson's; the interval of balanced accuracy combines those of
    the classes. Other metrics use a bootstrap, smoothed if nearly all predictions are right or wrong.

    Attributes:
        metric: The name of the metric.
        value: The score, as reports show it.
        ci95: Its 95 % interval over the images.
        n: Images.
        per_class: The scores of each class.
        calibration_error: The expected calibration error in [0, 1], over 15 equal-width bins (Guo et al.,
            ICML 2017).
        confusion: Images by true class (rows) and predicted class (columns).
        always_majority: The score of predicting the class frequencies for each image; None if the metric
            cannot score that.
        metrics: The scores by all built-in metrics; None if undefined on these labels.
        higher_is_better: Whether a larger ``value`` is better.
        percent: Whether reports show ``value`` as a percentage.
        undefined: Why metrics are undefined, by their names.
    """

    metric: str
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
    labels: Labels, logits: Logits, classes: Sequence[str], *, metric: str | Metric, seed: int
) -> Evaluation:
    """Score predictions of labelled images.

    Args:
        labels: Classes, (n,).
        logits: Logits, (n, classes).
        classes: Names of the classes.
        metric: The metric or its name.
        seed: Draws the bootstrap samples.

    Raises:
        MetricError: The metric is undefined on these labels.
    """
    from sklearn.metrics import confusion_matrix  # takes about as long to import as torch

    metric, target = get_metric(metric), SingleLabel(TargetSpec("single_label", tuple(classes)))
    if why := metric.why_undefined(labels):
        raise MetricError(
            f"{metric.name} is undefined here: {why}. Add images of others, or choose another metric."
        )
    score = metric(labels, logits)
    low, high = sorted(map(metric.reported, _interval(metric, score, labels, logits, seed=seed)))
    undefined = {name: why for name, each in METRICS.items() if (why := each.why_undefined(labels))}
    confusion = confusion_matrix(labels, logits.argmax(1), labels=np.arange(len(classes)))
    return Evaluation(
        metric=metric.name,
        value=metric.reported(score),
        ci95=(low, high),
        n=len(labels),
        per_class=_class_scores(labels, logits.argmax(1), classes),
        calibration_error=calibration_error(labels, logits),
        confusion=tuple(map(tuple, confusion.tolist())),
        always_majority=_constant_score(metric, labels, target),
        metrics={
            name: None if name in undefined else each.reported(each(labels, logits))
            for name, each in METRICS.items()
        },
        higher_is_better=metric.higher_is_better,
        percent=metric.percent,
        undefined=undefined,
    )


def _class_scores(labels: Labels, predicted: Labels, classes: Sequence[str]) -> tuple[ClassScore, ...]:
    from sklearn.metrics import precision_recall_fscore_support

    precision, recall, f1, n = precision_recall_fscore_support(
        labels, predicted, labels=np.arange(len(classes)), zero_division=0.0
    )
    predictions = np.bincount(predicted, minlength=len(classes))
    right = predicted == labels
    return tuple(
        ClassScore(
            name,
            int(n[i]),
            float(recall[i]) if n[i] else None,
            float(precision[i]) if predictions[i] else None,
            float(f1[i]) if n[i] + predictions[i] else None,
            proportion_interval(int(right[labels == i].sum()), int(n[i])) if n[i] else None,
        )
        for i, name in enumerate(classes)
    )


def _interval(metric: Metric, score: float, labels: Labels, logits: Logits, *, seed: int) -> Interval:
    """Return the 95 % interval of the score that a search maximises."""
    right = correct(labels, logits)
    if metric.name == "accuracy":
        return proportion_interval(int(right.sum()), len(labels))
    if metric.name == "balanced_accuracy":
        return mean_proportion_interval(right, labels)
    samples = bootstrap_scores(metric, labels, [logits], seed=seed)[0]
    return bootstrap_interval(samples, score, metric.bounds)


def _constant_score(metric: Metric, labels: Labels, target: Target) -> float | None:
    try:
        return metric.reported(metric(labels, target.constant(labels)))
    except Exception:  # a user's function may fail on equal predictions
        return None


def calibration_error(labels: Labels, logits: Logits, *, bins: int = 15) -> float:
    """Return the expected calibration error, in [0, 1].

    It is the mean gap between confidence and accuracy over equal-width bins, weighted by their images.

    Args:
        labels: Classes, (n,).
        logits: Logits, (n, classes).
        bins: Number of bins of confidence.
    """
    probabilities = softmax(logits.astype(np.float64), axis=1)
    confidence, hits = probabilities.max(1), correct(labels, logits)
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(confidence[bin_of == b].mean() - hits[bin_of == b].mean()) * (bin_of == b).mean()
        for b in range(bins)
        if (bin_of == b).any()
    ]
    return float(sum(gaps))
