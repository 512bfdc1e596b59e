"""Score each of several labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.evaluation.details.calibration_bins import binned_gap
from autotl.evaluation.intervals import Interval, proportion_interval

THRESHOLD = 0.5
"""The probability above which a label is predicted."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LabelScore:
    """The scores of one label.

    Attributes:
        name: The label.
        n: The images that have it.
        average_precision: Area under the curve of precision by recall, in [0, 1]; None without images.
        precision: Fraction of its predictions that are correct, in [0, 1]; None without predictions.
        recall: Fraction of its images that are predicted, in [0, 1]; None without images.
        f1: The harmonic mean of both; None without images and predictions.
        precision_ci95: The exact 95 % interval of ``precision``; None likewise.
        recall_ci95: The exact 95 % interval of ``recall``; None likewise.
        calibration_error: The gap between its probabilities and frequencies, in [0, 1].
    """

    name: str
    n: int
    average_precision: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    precision_ci95: Interval | None
    recall_ci95: Interval | None
    calibration_error: float


@dataclass(frozen=True, slots=True)
class MultiLabelScores:
    """The scores of each label, at a probability of 0.5.

    Attributes:
        per_label: The scores by label.
        calibration_error: The mean calibration error of the labels, in [0, 1].
        labels_per_image: The mean number of true labels of an image, and that of predicted ones.
    """

    per_label: tuple[LabelScore, ...]
    calibration_error: float
    labels_per_image: tuple[float, float]


def multi_label_scores(targets: Floats, probabilities: Floats, labels: Sequence[str]) -> MultiLabelScores:
    """Score each label.

    Args:
        targets: 1 for each label of an image, else 0, (n, labels).
        probabilities: Probabilities of the labels, (n, labels).
        labels: Names of the labels.
    """
    true, predicted = targets > 0, probabilities > THRESHOLD
    found = tuple(
        _label_score(name, true[:, i], predicted[:, i], probabilities[:, i]) for i, name in enumerate(labels)
    )
    error = float(np.mean([each.calibration_error for each in found]))
    return MultiLabelScores(found, error, (float(true.sum(1).mean()), float(predicted.sum(1).mean())))


def _label_score(name: str, true: Flags, predicted: Flags, stated: Floats) -> LabelScore:
    from sklearn.metrics import average_precision_score  # takes about as long to import as torch

    hits, images, predictions = int((true & predicted).sum()), int(true.sum()), int(predicted.sum())
    return LabelScore(
        name,
        images,
        float(average_precision_score(true, stated)) if images else None,
        hits / predictions if predictions else None,
        hits / images if images else None,
        2 * hits / (images + predictions) if images + predictions else None,
        proportion_interval(hits, predictions) if predictions else None,
        proportion_interval(hits, images) if images else None,
        binned_gap(stated, true),
    )
