"""Score the classes of single labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.evaluation.intervals import Interval, proportion_interval

Labels = NDArray[np.int64]


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
class SingleLabelScores:
    """The scores of each class.

    Attributes:
        per_class: The scores by class.
        calibration_error: The expected calibration error in [0, 1], over 15 equal-width bins (Guo et al.,
            ICML 2017).
        confusion: Images by true class (rows) and predicted class (columns).
    """

    per_class: tuple[ClassScore, ...] = ()
    calibration_error: float | None = None
    confusion: tuple[tuple[int, ...], ...] = ()


def single_label_scores(
    labels: Labels, predicted: Labels, classes: Sequence[str], *, calibration_error: float | None
) -> SingleLabelScores:
    """Score each class.

    Args:
        labels: Classes, (n,).
        predicted: Predicted classes, (n,).
        classes: Names of the classes.
        calibration_error: The calibration error of the probabilities.
    """
    from sklearn.metrics import confusion_matrix  # takes about as long to import as torch

    confusion = confusion_matrix(labels, predicted, labels=np.arange(len(classes)))
    return SingleLabelScores(
        _class_scores(labels, predicted, classes),
        calibration_error,
        tuple(map(tuple, confusion.tolist())),
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
