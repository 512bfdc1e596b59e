"""Find the classes on which transfer scores measurably below the baseline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.evaluation.findings import ClassGain
from autotl.evaluation.gain import SIGNIFICANCE_LEVEL, gain
from autotl.evaluation.intervals import mean_proportion_interval, proportion_interval
from autotl.metrics import correct

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]


def harmed_classes(
    labels: Labels, ours: Logits, theirs: Logits, classes: Sequence[str]
) -> tuple[ClassGain, ...]:
    """Return classes whose recall and F1 are measurably lower under transfer.

    An untrained network predicts a single class, with full recall. So the baseline must beat chance, and a
    class must also have a lower F1, which counts false positives. Holm's correction covers all classes (Holm,
    A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics, 1979).

    Args:
        labels: Classes of the test images, (n,).
        ours: Logits of the model that transfers, (n, classes).
        theirs: Logits of the baseline, (n, classes).
        classes: Names of the classes.
    """
    if not _beats_chance(labels, theirs, len(classes)):
        return ()
    gains = {}
    for index, name in enumerate(classes):
        own = labels == index
        if own.sum() >= 2:
            gains[name] = index, gain(labels[own], ours[own], theirs[own], metric="accuracy", seed=0)
    found = []
    for rank, (name, (index, difference)) in enumerate(sorted(gains.items(), key=lambda pair: pair[1][1].p)):
        if difference.p >= SIGNIFICANCE_LEVEL / (len(gains) - rank):
            break
        if difference.direction < 0 and _f1(labels, ours, index) < _f1(labels, theirs, index):
            found.append(ClassGain(name, difference))
    return tuple(found)


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
