"""Compare transfer with the baseline on each class, label or range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target
from autotl.evaluation.details.multi_label import THRESHOLD
from autotl.evaluation.findings import ClassGain
from autotl.evaluation.gain import SIGNIFICANCE_LEVEL, Gain, gain, paired_flags_gain
from autotl.evaluation.intervals import mean_proportion_interval, proportion_interval
from autotl.evaluation.number_text import significant
from autotl.evaluation.trainings.several_tests import holm
from autotl.metrics import correct

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]
Floats = NDArray[np.float64]

THIRDS = ("lowest", "middle", "highest")
"""The ranges of a number that are compared, each with a third of the test images."""
MIN_IMAGES = 10
"""Fewest test images of a range that is compared."""


def target_gains(
    targets: NDArray[Any], ours: Logits, theirs: Logits, target: Target
) -> tuple[ClassGain, ...]:
    """Return the gain of transfer on each class, label or range.

    Holm's correction over all of them decides which gains are significant.

    Args:
        targets: Encoded targets of the test images.
        ours: Outputs of the model that transfers, (n, k).
        theirs: Outputs of the baseline, (n, k).
        target: The kind of target.

    Returns:
        The gains in the order of the targets, without classes of a single image. Empty for classes if the
        baseline does not beat chance: an untrained network has full recall on one class.
    """
    names = target.spec.names
    if target.spec.kind == "single_label":
        known = _beats_chance(targets, theirs, len(names))
        gains = _class_gains(targets, ours, theirs, names) if known else {}
    elif target.spec.kind == "multi_label":
        true, flags = targets > 0, [target.predict(each) > THRESHOLD for each in (ours, theirs)]
        gains = _label_gains(true, flags[0], flags[1], names)
    else:
        predicted = [target.predict(each) for each in (ours, theirs)]
        gains = _range_gains(targets.astype(np.float64), predicted[0], predicted[1], names)
    significant_names = set(_significant(gains))
    return tuple(ClassGain(name, each, significant=name in significant_names) for name, each in gains.items())


def harmed(targets: NDArray[Any], ours: Logits, theirs: Logits, target: Target) -> tuple[ClassGain, ...]:
    """Return classes, labels or ranges that transfer predicts measurably worse.

    Holm's correction covers all of them (Holm, A Simple Sequentially Rejective Multiple Test Procedure,
    Scandinavian Journal of Statistics, 1979).

    Args:
        targets: Encoded targets of the test images.
        ours: Outputs of the model that transfers, (n, k).
        theirs: Outputs of the baseline, (n, k).
        target: The kind of target.
    """
    names = target.spec.names
    if target.spec.kind == "single_label":
        return harmed_classes(targets, ours, theirs, names)
    our_predictions, their_predictions = target.predict(ours), target.predict(theirs)
    if target.spec.kind == "multi_label":
        flags = our_predictions > THRESHOLD, their_predictions > THRESHOLD
        return _harmed_labels(targets > 0, *flags, names)
    gains = _range_gains(targets.astype(np.float64), our_predictions, their_predictions, names)
    return tuple(_losses(gains))


def harmed_classes(
    labels: Labels, ours: Logits, theirs: Logits, classes: Sequence[str]
) -> tuple[ClassGain, ...]:
    """Return classes whose recall and F1 are measurably lower under transfer.

    An untrained network predicts a single class, with full recall. So the baseline must beat chance, and a
    class must also have a lower F1, which counts false positives.

    Args:
        labels: Classes of the test images, (n,).
        ours: Logits of the model that transfers, (n, classes).
        theirs: Logits of the baseline, (n, classes).
        classes: Names of the classes.
    """
    if not _beats_chance(labels, theirs, len(classes)):
        return ()
    worse = {
        name for index, name in enumerate(classes) if _f1(labels, ours, index) < _f1(labels, theirs, index)
    }
    measured = _losses(_class_gains(labels, ours, theirs, classes))
    return tuple(each for each in measured if each.name in worse)


def _class_gains(labels: Labels, ours: Logits, theirs: Logits, classes: Sequence[str]) -> dict[str, Gain]:
    """Return the gain in recall of each class with two or more images."""
    images = {name: labels == index for index, name in enumerate(classes)}
    return {
        name: gain(labels[own], ours[own], theirs[own], metric="accuracy", seed=0)
        for name, own in images.items()
        if own.sum() >= 2
    }


def _significant(gains: Mapping[str, Gain]) -> list[str]:
    """Return the names of significant gains and losses, the smallest p-value first."""
    ordered = sorted(gains, key=lambda name: gains[name].p)
    corrected = holm([gains[name].p for name in ordered])
    return [name for name, p in zip(ordered, corrected, strict=True) if p < SIGNIFICANCE_LEVEL]


def _losses(gains: Mapping[str, Gain]) -> list[ClassGain]:
    """Return the significant losses."""
    return [
        ClassGain(name, gains[name], significant=True)
        for name in _significant(gains)
        if gains[name].direction < 0
    ]


def _harmed_labels(
    true: NDArray[np.bool_], ours: NDArray[np.bool_], theirs: NDArray[np.bool_], names: Sequence[str]
) -> tuple[ClassGain, ...]:
    """Return labels whose accuracy and F1 are measurably lower under transfer.

    A network that never predicts a rare label is often right on it, but its F1 is 0.
    """
    worse = {
        name
        for i, name in enumerate(names)
        if _flags_f1(true[:, i], ours[:, i]) < _flags_f1(true[:, i], theirs[:, i])
    }
    measured = _losses(_label_gains(true, ours, theirs, names))
    return tuple(each for each in measured if each.name in worse)


def _label_gains(
    true: NDArray[np.bool_], ours: NDArray[np.bool_], theirs: NDArray[np.bool_], names: Sequence[str]
) -> dict[str, Gain]:
    """Return the gain in accuracy of each label that an image has."""
    return {
        name: paired_flags_gain(ours[:, i] == true[:, i], theirs[:, i] == true[:, i])
        for i, name in enumerate(names)
        if true[:, i].any()
    }


def _flags_f1(true: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> float:
    return float(2 * (true & predicted).sum() / max(1, true.sum() + predicted.sum()))


def _range_gains(true: Floats, ours: Floats, theirs: Floats, names: Sequence[str]) -> dict[str, Gain]:
    """Return by how much the mean absolute error is lower on each third of a number's values.

    A constant prediction is good in the middle third. So the baseline must beat the median of the test images
    on all of them.
    """
    gains = {}
    for i, name in enumerate(names):
        errors = np.abs(ours[:, i] - true[:, i]), np.abs(theirs[:, i] - true[:, i])
        constant = np.abs(true[:, i] - np.median(true[:, i]))
        if len(true) < 3 * MIN_IMAGES or _mean_gain(errors[1], constant).direction <= 0:
            continue
        edges = np.quantile(true[:, i], [0, 1 / 3, 2 / 3, 1])
        place = np.searchsorted(edges[1:-1], true[:, i], side="right")
        for third, label in enumerate(THIRDS):
            own = place == third
            if own.sum() >= MIN_IMAGES:
                ends = f"{significant(edges[third])} to {significant(edges[third + 1])}"
                gains[f"{name}, {label} third ({ends})"] = _mean_gain(errors[0][own], errors[1][own])
    return gains


def _mean_gain(ours: Floats, theirs: Floats) -> Gain:
    """Return by how much the first side's mean error is lower, with Student's interval and test."""
    from scipy.stats import t as student  # takes half as long to import as torch

    lower = theirs - ours
    value, se = float(lower.mean()), float(lower.std(ddof=1) / len(lower) ** 0.5)
    if se == 0:
        return Gain(value, (value, value), len(lower), 1.0 if value == 0 else 0.0)
    half = float(student.ppf(0.975, len(lower) - 1)) * se
    p = 2 * float(student.sf(abs(value) / se, len(lower) - 1))
    return Gain(value, (value - half, value + half), len(lower), p)


def _beats_chance(labels: Labels, logits: Logits, classes: int) -> bool:
    """Return whether accuracy or balanced accuracy beats a constant prediction."""
    right = correct(labels, logits)
    largest = float(np.bincount(labels).max() / len(labels))
    guessing = 1 / min(len(np.unique(labels)), classes)
    return (
        proportion_interval(int(right.sum()), len(labels))[0] > largest
        or mean_proportion_interval(right, labels)[0] > guessing
    )


def _f1(labels: Labels, logits: Logits, index: int) -> float:
    true, predicted = labels == index, logits.argmax(1) == index
    return float(2 * (true & predicted).sum() / max(1, true.sum() + predicted.sum()))
