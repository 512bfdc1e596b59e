"""Select the networks of an ensemble by their outputs on validation images."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target
from autotl.metrics import Metric

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Outputs = NDArray[np.float32]

ROUNDS = 25
"""The rounds of the selection: a weight is a multiple of one in as many."""
MAX_MEMBERS = 5
"""The most different networks in an ensemble."""


@dataclass(frozen=True, slots=True)
class SelectedMembers:
    """The selected networks with their counts, and their mean's score."""

    counts: Mapping[int, int]
    score: float

    @property
    def shares(self) -> dict[int, float]:
        """The weight of each network in the mean of the predictions."""
        total = sum(self.counts.values())
        return {number: count / total for number, count in self.counts.items()}


def select(
    predictions: Mapping[int, Sequence[Floats]],
    targets: Sequence[Labels],
    target: Target,
    metric: Metric,
    *,
    first: int,
    fits: Callable[[Sequence[int]], bool] = lambda numbers: True,
    late: Callable[[], bool] = lambda: False,
) -> SelectedMembers:
    """Select networks greedily with replacement (Caruana et al., ICML 2004).

    Each round adds the network with which the mean of the predictions scores highest. If scores are equal,
    the likelihood decides.

    Args:
        predictions: The predictions of each network, (images, k) for each fold, by the network's number.
        targets: The encoded validation targets of each fold.
        target: The kind of target.
        metric: The metric; the score is its mean over the folds.
        first: The network that the ensemble starts with.
        fits: Returns whether some networks satisfy the limits together.
        late: Returns whether the time is up.

    Returns:
        The smallest ensemble with the highest score.
    """
    score = partial(_score, targets=targets, target=target, metric=metric)
    total = list(predictions[first])
    counts = {first: 1}
    best = SelectedMembers(dict(counts), score(total)[0])
    for size in range(2, ROUNDS + 1):
        leader: tuple[tuple[float, float], int] | None = None
        for number, own in predictions.items():
            if late():
                return best
            if number not in counts and (len(counts) == MAX_MEMBERS or not fits([*counts, number])):
                continue
            reached = score([(a + b) / size for a, b in zip(total, own, strict=True)])
            if leader is None or reached > leader[0]:
                leader = reached, number
        if leader is None:
            break
        (score_now, _), number = leader
        counts[number] = counts.get(number, 0) + 1
        total = [a + b for a, b in zip(total, predictions[number], strict=True)]
        if score_now > best.score:
            best = SelectedMembers(dict(counts), score_now)
    return best


def _score(
    predictions: Sequence[Floats], targets: Sequence[Labels], target: Target, metric: Metric
) -> tuple[float, float]:
    """Return the metric and the log-likelihood, as means over the folds.

    Args:
        predictions: The predictions of each fold, (images, k).
        targets: The encoded targets of each fold.
        target: The kind of target.
        metric: The metric.
    """
    scores, likelihood = [], []
    for each, own in zip(predictions, targets, strict=True):
        outputs = target.outputs_of(each)
        scores.append(_metric_of(metric, own, outputs))
        likelihood.append(target.log_likelihood(outputs, own).mean())
    return float(np.mean(scores)), float(np.mean(likelihood))


def _metric_of(metric: Metric, targets: Labels, outputs: Outputs) -> float:
    try:
        return metric(targets, outputs)
    except Exception:
        if not metric.custom:
            raise
        return -math.inf  # a user's function that cannot score an ensemble rejects it
