"""Select the networks of an ensemble by their outputs on validation images."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.metrics import Metric

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

ROUNDS = 25
"""The rounds of the selection: a weight is a multiple of one in as many."""
MAX_MEMBERS = 5
"""The most different networks in an ensemble."""
MIN_PROBABILITY = 1e-30
"""The least probability whose logarithm is taken."""


@dataclass(frozen=True, slots=True)
class SelectedMembers:
    """The selected networks with their counts, and their mean's score."""

    counts: Mapping[int, int]
    score: float

    @property
    def shares(self) -> dict[int, float]:
        """The weight of each network in the mean of the probabilities."""
        total = sum(self.counts.values())
        return {number: count / total for number, count in self.counts.items()}


def select(
    probabilities: Mapping[int, Sequence[Floats]],
    labels: Sequence[Labels],
    metric: Metric,
    *,
    first: int,
    fits: Callable[[Sequence[int]], bool] = lambda numbers: True,
    late: Callable[[], bool] = lambda: False,
) -> SelectedMembers:
    """Select networks greedily with replacement (Caruana et al., ICML 2004).

    Each round adds the network with which the mean of the probabilities scores highest. If scores are equal,
    the likelihood decides.

    Args:
        probabilities: The outputs of each network, (images, classes) for each fold, by the network's number.
        labels: The validation labels of each fold.
        metric: The metric; the score is its mean over the folds.
        first: The network that the ensemble starts with.
        fits: Returns whether some networks satisfy the limits together.
        late: Returns whether the time is up.

    Returns:
        The smallest ensemble with the highest score.
    """
    total = list(probabilities[first])
    counts = {first: 1}
    best = SelectedMembers(dict(counts), _score(total, labels, metric)[0])
    for size in range(2, ROUNDS + 1):
        leader: tuple[tuple[float, float], int] | None = None
        for number, own in probabilities.items():
            if late():
                return best
            if number not in counts and (len(counts) == MAX_MEMBERS or not fits([*counts, number])):
                continue
            score = _score([(a + b) / size for a, b in zip(total, own, strict=True)], labels, metric)
            if leader is None or score > leader[0]:
                leader = score, number
        if leader is None:
            break
        (score_now, _), number = leader
        counts[number] = counts.get(number, 0) + 1
        total = [a + b for a, b in zip(total, probabilities[number], strict=True)]
        if score_now > best.score:
            best = SelectedMembers(dict(counts), score_now)
    return best


def _score(probabilities: Sequence[Floats], labels: Sequence[Labels], metric: Metric) -> tuple[float, float]:
    """Return the metric and the log-likelihood, as means over the folds."""
    scores, likelihood = [], []
    for each, own in zip(probabilities, labels, strict=True):
        logs = np.log(np.maximum(each, MIN_PROBABILITY))
        scores.append(_metric_of(metric, own, logs))
        likelihood.append(logs[np.arange(len(own)), own].mean())
    return float(np.mean(scores)), float(np.mean(likelihood))


def _metric_of(metric: Metric, labels: Labels, logs: Floats) -> float:
    try:
        return metric(labels, logs.astype(np.float32))
    except Exception:
        if not metric.custom:
            raise
        return -math.inf  # a user's function that cannot score an ensemble rejects it
