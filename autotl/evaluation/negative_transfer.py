"""Find the classes on which transfer scores measurably below the baseline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.evaluation.findings import ClassGain
from autotl.evaluation.gain import gain
from autotl.evaluation.intervals import of_mean_share, of_share

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]


def harmed_classes(
    labels: Labels, ours: Logits, theirs: Logits, classes: Sequence[str]
) -> tuple[ClassGain, ...]:
    """Return classes whose recall and F1 under transfer lie below the baseline's.

    A network that has learned nothing answers one class and has all of its recall. So nothing is said unless
    the baseline beats chance, and the F1 of a class must be lower as well, which counts wrong answers of that
    class. Holm's correction covers all classes (Holm, A Simple Sequentially Rejective Multiple Test
    Procedure, Scandinavian Journal of Statistics, 1979).

    Args:
        labels: Classes of the test images, (n,).
        ours: Logits of the model that transfers, (n, classes).
        theirs: Logits of the baseline, (n, classes).
        classes: Their names.
    """
    if not _beats_chance(labels, theirs, len(classes)):
        return ()
    leads = {}
    for index, name in enumerate(classes):
        own = labels == index
        if own.sum() >= 2:
            leads[name] = index, gain(labels[own], ours[own], theirs[own], measure="accuracy", seed=0)
    found = []
    for rank, (name, (index, lead)) in enumerate(sorted(leads.items(), key=lambda pair: pair[1][1].p)):
        if lead.p >= 0.05 / (len(leads) - rank):
            break
        if lead.direction < 0 and _f1(labels, ours, index) < _f1(labels, theirs, index):
            found.append(ClassGain(name, lead))
    return tuple(found)


def _beats_chance(labels: Labels, logits: Logits, classes: int) -> bool:
    """Whether accuracy lies above the largest class's share, or balanced accuracy above equal chances."""
    right = logits.argmax(1) == labels
    largest = float(np.bincount(labels).max() / len(labels))
    present = len(np.unique(labels))
    return of_share(int(right.sum()), len(labels))[0] > largest or of_mean_share(right, labels)[0] > 1 / min(
        present, classes
    )


def _f1(labels: Labels, logits: Logits, index: int) -> float:
    true, answered = labels == index, logits.argmax(1) == index
    return float(2 * (true & answered).sum() / max(1, true.sum() + answered.sum()))
