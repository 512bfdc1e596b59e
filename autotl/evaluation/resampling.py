"""Draw bootstrap samples of images, smoothed where nearly every answer is right or wrong."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.metrics import Metric, get_metric

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]
Draws = NDArray[np.float64]
Sides = Sequence[Sequence[Logits]]

RESAMPLES = 2000
FEW = 30
"""Right or wrong answers, or images that one side alone gets right, below which samples are smoothed."""
ADDED = 4
"""Images that smoothing adds: two right and two wrong answers (Agresti and Coull, Approximate is Better than
"Exact" for Interval Estimation of Binomial Proportions, 1998), for two sides one of each combination (Agresti
and Min, Simple improved confidence intervals for comparing matched proportions, 2005).
"""


@dataclass(frozen=True, slots=True)
class _Population:
    """What samples are drawn from: labels (m,), logits by side and network, and chances (m,) of an image."""

    labels: Labels
    sides: Sides
    chances: Draws


def resampled(measure: str | Metric, labels: Labels, *sides: Sequence[Logits], seed: int) -> list[Draws]:
    """Score bootstrap samples of the images, the same for one or two sides.

    A plain bootstrap of answers that are all right repeats one score. With few answers of one kind, samples
    are drawn from the images and from copies whose answer is turned from right to wrong, or from wrong to
    right, which count as many as ``ADDED`` images together.

    Args:
        measure: The metric, by name or as it is.
        labels: Classes, (n,).
        sides: One or two sides, each with the logits (n, classes) of one or more networks.
        seed: Draws the samples.

    Returns:
        The scores of each side, means over its networks; NaN where a user's own function cannot score a
        sample.
    """
    score, n = get_metric(measure), len(labels)
    drawn_from = _population(labels, sides)
    rng = np.random.default_rng(seed)
    if score.per_image is None and score.bootstrap is None:
        draws = [rng.choice(len(drawn_from.chances), n, p=drawn_from.chances) for _ in range(RESAMPLES // 4)]
        return [
            np.array([_on(score, drawn_from.labels[rows], [each[rows] for each in side]) for rows in draws])
            for side in drawn_from.sides
        ]
    known = None
    if score.per_image is not None:
        known = [
            np.mean([score.per_image(drawn_from.labels, each) for each in side], axis=0)
            for side in drawn_from.sides
        ]
    found: list[list[Draws]] = [[] for _ in sides]
    for _ in range(RESAMPLES // 100 if known is not None else RESAMPLES // 400):
        # how often each image is drawn, in blocks that fit in memory
        counts = rng.multinomial(n, drawn_from.chances, size=100)
        for place, side in enumerate(drawn_from.sides):
            if known is not None:
                found[place].append(counts @ known[place] / n)
                continue
            assert score.bootstrap is not None
            each = [score.bootstrap(drawn_from.labels, one, counts.astype(float)) for one in side]
            found[place].append(np.mean(each, axis=0))
    return [np.concatenate(each) for each in found]


def interval(drawn: Draws, value: float, bounds: tuple[float, float]) -> tuple[float, float]:
    """Return a 95% interval from scores of samples; NaN if none could be scored.

    It reaches as far as the middle 95% of them and as 1.96 standard deviations from their mean: near an edge,
    each alone is too short on one side.

    Args:
        drawn: Scores of samples.
        value: The score of all images, which the interval holds.
        bounds: What no score can exceed.
    """
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return float("nan"), float("nan")
    low, high = (float(end) for end in np.quantile(drawn, [0.025, 0.975]))
    mean, half = float(drawn.mean()), 1.96 * float(drawn.std())
    low, high = min(low, mean - half, value), max(high, mean + half, value)
    return max(bounds[0], low) + 0.0, min(bounds[1], high) + 0.0  # not -0.0


def _population(labels: Labels, sides: Sides) -> _Population:
    n = len(labels)
    if not _few(labels, sides):
        return _Population(labels, sides, np.full(n, 1 / n))
    versions = list(itertools.product((False, True), repeat=len(sides)))
    turned = [[_turned(labels, each) for each in side] for side in sides]
    several = [
        [
            np.concatenate([other if version[place] else one for version in versions])
            for one, other in zip(side, turned[place], strict=True)
        ]
        for place, side in enumerate(sides)
    ]
    weights = np.full((len(versions), n), ADDED / len(versions) / n)
    weights[0] += 1  # the images as they are
    return _Population(np.tile(labels, len(versions)), several, weights.ravel() / weights.sum())


def _few(labels: Labels, sides: Sides) -> bool:
    right = [side[0].argmax(1) == labels for side in sides]
    if len(right) == 1:
        return int(min(right[0].sum(), (~right[0]).sum())) < FEW
    return int(min((right[0] & ~right[1]).sum(), (right[1] & ~right[0]).sum())) < FEW


def _turned(labels: Labels, logits: Logits) -> Logits:
    """Return the logits with that of the true class and the highest other one exchanged."""
    rows, others = np.arange(len(labels)), logits.copy()
    others[rows, labels] = -np.inf
    best, found = others.argmax(1), logits.copy()
    found[rows, labels], found[rows, best] = logits[rows, best], logits[rows, labels]
    return found


def _on(score: Metric, labels: Labels, several: Sequence[Logits]) -> float:
    try:
        return float(np.mean([score(labels, logits) for logits in several]))
    except Exception:
        if not score.custom:
            raise
        return float("nan")  # a stranger's code: it need not bear a sample that lacks a class
