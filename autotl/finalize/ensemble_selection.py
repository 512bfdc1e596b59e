"""Choose which networks are to answer together, by what each said of validation images."""

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
"""How often a network is added: a share of an ensemble is a multiple of one in as many."""
MEMBERS = 5
"""Different networks in an ensemble at most."""
TINY = 1e-30
"""The least probability whose logarithm is taken."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """How often each network was taken, in the order of their first turns, and what they score together."""

    counts: Mapping[int, int]
    score: float

    @property
    def shares(self) -> dict[int, float]:
        """The weight of each in the mean of their probabilities."""
        every = sum(self.counts.values())
        return {number: count / every for number, count in self.counts.items()}


def select(
    chances: Mapping[int, Sequence[Floats]],
    labels: Sequence[Labels],
    measure: Metric,
    *,
    first: int,
    fits: Callable[[Sequence[int]], bool] = lambda numbers: True,
    late: Callable[[], bool] = lambda: False,
) -> Chosen:
    """Forward selection with replacement from networks that have been trained already (Caruana et al.,
    Ensemble Selection from Libraries of Models, ICML 2004).

    ``chances`` are the probabilities (images, classes) of each network for each fold's validation images,
    whose labels are ``labels``; the score is the mean of ``measure`` over the folds. It begins with the
    network ``first``; each round adds the one with which the mean of the probabilities scores highest, of
    equal scores that with the higher likelihood, even one that is in it already. Given is the smallest of
    the ensembles on the way that score highest. ``fits`` says whether these networks may be delivered
    together; ``late`` whether to end.
    """
    total = list(chances[first])
    counts = {first: 1}
    best = Chosen(dict(counts), _score(total, labels, measure)[0])
    for size in range(2, ROUNDS + 1):
        leading: tuple[tuple[float, float], int] | None = None
        for number, own in chances.items():
            if late():
                return best
            if number not in counts and (len(counts) == MEMBERS or not fits([*counts, number])):
                continue
            score = _score([(a + b) / size for a, b in zip(total, own, strict=True)], labels, measure)
            if leading is None or score > leading[0]:
                leading = score, number
        if leading is None:
            break
        (score_now, _), number = leading
        counts[number] = counts.get(number, 0) + 1
        total = [a + b for a, b in zip(total, chances[number], strict=True)]
        if score_now > best.score:
            best = Chosen(dict(counts), score_now)
    return best


def _score(chances: Sequence[Floats], labels: Sequence[Labels], measure: Metric) -> tuple[float, float]:
    """The metric and the log-likelihood of probabilities, means over the folds and the images."""
    scores, likelihood = [], []
    for each, own in zip(chances, labels, strict=True):
        logs = np.log(np.maximum(each, TINY))
        scores.append(_by(measure, own, logs))
        likelihood.append(logs[np.arange(len(own)), own].mean())
    return float(np.mean(scores)), float(np.mean(likelihood))


def _by(measure: Metric, labels: Labels, logs: Floats) -> float:
    try:
        return measure(labels, logs.astype(np.float32))
    except Exception:
        if not measure.custom:
            raise
        return -math.inf  # a stranger's code: what it cannot score is not chosen
