"""Draw bootstrap samples of images.

They are smoothed if nearly all predictions are right or wrong.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target
from autotl.metrics import Metric, get_metric
from autotl.targets import SingleLabel

Labels = NDArray[Any]
Logits = NDArray[np.float32]
Draws = NDArray[np.float64]
Sides = Sequence[Sequence[Logits]]

RESAMPLES = 2000
SLOW_RESAMPLES = 500
"""Samples for metrics without a fast bootstrap."""
BLOCK = 100
"""Samples that are scored at once, so that they fit into memory."""
MIN_UNSMOOTHED = 30
"""Fewest right or wrong predictions, or images that one side alone predicts, without smoothing."""
SMOOTHING_IMAGES = 4
"""Images that smoothing adds: two right and two wrong predictions, or one of each combination.

For one side: Agresti and Coull, Approximate is Better than "Exact" for Interval Estimation of Binomial
Proportions, 1998. For two sides: Agresti and Min, Simple improved confidence intervals for comparing matched
proportions, 2005.
"""


@dataclass(frozen=True, slots=True)
class _Population:
    """Images to sample from: targets (m, …), outputs and probabilities (m,)."""

    labels: Labels
    sides: Sides
    probabilities: Draws


def bootstrap_scores(
    metric: str | Metric,
    labels: Labels,
    *sides: Sequence[Logits],
    seed: int,
    target: Target | None = None,
) -> list[Draws]:
    """Score the same bootstrap samples of images for each side.

    A plain bootstrap of all-correct predictions repeats one score. So if few predictions are right or wrong,
    samples are also drawn from copies of the images with right and wrong exchanged. The copies count as many
    as SMOOTHING_IMAGES images together. Numbers are neither right nor wrong, so their samples are plain.

    Args:
        metric: The metric or its name.
        labels: Encoded targets, (n,) or (n, k).
        sides: For each side, one or two in all, the outputs (n, k) of one or more networks.
        seed: Draws the samples.
        target: The kind of target; None for single labels.

    Returns:
        The scores of each side, means over its networks; NaN if a user's function cannot score a sample.
    """
    target, n = target or SingleLabel.numbered(sides[0][0].shape[1]), len(labels)
    metric = get_metric(metric, target.spec)
    population = _population(labels, sides, target)
    rng = np.random.default_rng(seed)
    if metric.per_image is not None:
        return _sample_means(metric, population, n, rng)
    if metric.bootstrap is not None:
        return _sample_counts(metric, population, n, rng)
    m = len(population.probabilities)
    draws = [rng.choice(m, n, p=population.probabilities) for _ in range(SLOW_RESAMPLES)]
    return [
        np.array(
            [_mean_score(metric, population.labels[rows], [each[rows] for each in side]) for rows in draws]
        )
        for side in population.sides
    ]


def _sample_means(metric: Metric, population: _Population, n: int, rng: np.random.Generator) -> list[Draws]:
    """Score samples of a metric that is a mean over the images."""
    assert metric.per_image is not None
    values = [
        np.mean([metric.per_image(population.labels, logits) for logits in side], axis=0)
        for side in population.sides
    ]
    found: list[list[Draws]] = [[] for _ in values]
    for _ in range(RESAMPLES // BLOCK):
        counts = rng.multinomial(n, population.probabilities, size=BLOCK)
        for scores, own in zip(found, values, strict=True):
            scores.append(counts @ own / n)
    return [np.concatenate(scores) for scores in found]


def _sample_counts(metric: Metric, population: _Population, n: int, rng: np.random.Generator) -> list[Draws]:
    """Score samples of a metric with a fast bootstrap."""
    assert metric.bootstrap is not None
    found: list[list[Draws]] = [[] for _ in population.sides]
    for _ in range(SLOW_RESAMPLES // BLOCK):
        counts = rng.multinomial(n, population.probabilities, size=BLOCK).astype(float)
        for scores, side in zip(found, population.sides, strict=True):
            each = [metric.bootstrap(population.labels, logits, counts) for logits in side]
            scores.append(np.mean(each, axis=0))
    return [np.concatenate(scores) for scores in found]


def bootstrap_interval(
    scores: Draws, value: float, bounds: tuple[float, float], *, images: int | None = None
) -> tuple[float, float]:
    """Return a 95 % interval from scores of samples.

    It is NaN if no sample could be scored. The interval covers the middle 95 % of the samples and 1.96
    standard deviations around their mean. Near a bound of the metric, each of these alone is too short on one
    side.

    Args:
        scores: Scores of samples.
        value: The score of all images, which the interval contains.
        bounds: The smallest and largest possible score.
        images: Images of a sample without smoothing copies. Student's quantile then replaces 1.96, because
            few images vary less than the images that they are drawn from.
    """
    scores = scores[~np.isnan(scores)]
    if not len(scores):
        return float("nan"), float("nan")
    low, high = (float(end) for end in np.quantile(scores, [0.025, 0.975]))
    mean, half = float(scores.mean()), _quantile(images) * float(scores.std())
    low, high = min(low, mean - half, value), max(high, mean + half, value)
    return max(bounds[0], low) + 0.0, min(bounds[1], high) + 0.0  # + 0.0 turns -0.0 into 0.0


def _quantile(images: int | None) -> float:
    """Return the standard errors between a score and the end of its interval."""
    if images is None or images < 2:
        return 1.96
    from scipy.stats import t as student  # takes half as long to import as torch

    return float(student.ppf(0.975, images - 1)) * math.sqrt(images / (images - 1))


def _population(labels: Labels, sides: Sides, target: Target) -> _Population:
    """Return the images, with smoothing copies if needed."""
    n = len(labels)
    if target.spec.kind == "regression" or not _needs_smoothing(labels, sides, target):
        return _Population(labels, sides, np.full(n, 1 / n))
    versions = list(itertools.product((False, True), repeat=len(sides)))
    several = target.spec.kind == "multi_label"
    flipped = [
        [-logits if several else _flip_predictions(labels, logits) for logits in side] for side in sides
    ]
    copied = [
        [
            np.concatenate([other if version[index] else one for version in versions])
            for one, other in zip(side, flipped[index], strict=True)
        ]
        for index, side in enumerate(sides)
    ]
    weights = np.full((len(versions), n), SMOOTHING_IMAGES / len(versions) / n)
    weights[0] += 1  # the images themselves
    repeated = np.concatenate([labels] * len(versions))
    return _Population(repeated, copied, weights.ravel() / weights.sum())


def _needs_smoothing(labels: Labels, sides: Sides, target: Target) -> bool:
    if target.spec.kind == "multi_label" and len(sides) == 2:  # most sets have some wrong label
        one, other = (side[0] > 0 for side in sides)
        return int((one != other).any(1).sum()) < MIN_UNSMOOTHED
    right = [target.correct(side[0], labels) for side in sides]
    if target.spec.kind == "multi_label":  # few images have all labels right
        return int((~right[0]).sum()) < MIN_UNSMOOTHED
    if len(right) == 1:
        return int(min(right[0].sum(), (~right[0]).sum())) < MIN_UNSMOOTHED
    return int(min((right[0] & ~right[1]).sum(), (right[1] & ~right[0]).sum())) < MIN_UNSMOOTHED


def _flip_predictions(labels: Labels, logits: Logits) -> Logits:
    """Exchange the logits of the true and the highest other class."""
    rows, others = np.arange(len(labels)), logits.copy()
    others[rows, labels] = -np.inf
    best, flipped = others.argmax(1), logits.copy()
    flipped[rows, labels], flipped[rows, best] = logits[rows, best], logits[rows, labels]
    return flipped


def _mean_score(metric: Metric, labels: Labels, networks: Sequence[Logits]) -> float:
    try:
        return float(np.mean([metric(labels, logits) for logits in networks]))
    except Exception:
        if not metric.custom:
            raise
        return float("nan")  # a user's function may fail on a sample that lacks a class
