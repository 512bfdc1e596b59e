"""Score logits by name of metric. Higher is always better."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from autotl.errors import UnknownName

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]


def _accuracy(labels: Labels, logits: Logits) -> float:
    return float((logits.argmax(1) == labels).mean())


def _balanced_accuracy(labels: Labels, logits: Logits) -> float:
    guesses = logits.argmax(1)
    # By hand: scikit-learn warns about guesses outside the classes present, which a small fold always has.
    return float(np.mean([(guesses[labels == c] == c).mean() for c in np.unique(labels)]))


def _macro_f1(labels: Labels, logits: Logits) -> float:
    return float(f1_score(labels, logits.argmax(1), average="macro", zero_division=0.0))


METRICS: dict[str, Callable[[Labels, Logits], float]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "macro_f1": _macro_f1,
}


def metric(name: str) -> Callable[[Labels, Logits], float]:
    """The function (labels (n,), logits (n, classes)) -> score of this name. Raises UnknownName."""
    if name not in METRICS:
        raise UnknownName("metric", name, METRICS)
    return METRICS[name]
