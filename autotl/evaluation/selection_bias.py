"""By how much a trial that was chosen by its validation score scored higher there than on the test part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.evaluation.resampling import resampled
from autotl.metrics import Metric, get_metric
from autotl.seeds import derive

Scored = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Labels (n,) and logits (n, classes)."""


@dataclass(frozen=True, slots=True)
class SelectionBias:
    """How much higher the chosen trial scored in validation than on the test part; ``se`` is its standard
    error. Both scores are of networks that learned from the same share of the images.
    """

    value: float
    se: float
    ci95: tuple[float, float]


def selection_bias(
    validated: float | None, folds: Sequence[Scored], tested: Scored, *, measure: str | Metric, seed: int
) -> SelectionBias | None:
    """The best of many trials owes its validation score to luck as well (Cawley & Talbot, On Over-fitting in
    Model Selection, JMLR 2010): ``validated``, the score it was chosen by, minus that on the test images.

    The parts share no image, so the bootstrap variances of the mean over ``folds`` and of the test score add
    up: of repeated folds those of one repeat, since others bring no further images. None where nothing was
    validated.
    """
    if validated is None or not folds:
        return None
    value = validated - get_metric(measure)(*tested)
    draws = [
        resampled(measure, labels, [logits], seed=derive(seed, "fold", i))[0]
        for i, (labels, logits) in enumerate(folds)
    ]
    variance = sum(float(np.nanvar(drawn)) for drawn in draws) / len(folds) ** 2
    variance += float(np.nanvar(resampled(measure, tested[0], [tested[1]], seed=seed)[0]))
    se = math.sqrt(variance)
    return SelectionBias(value, se, (value - 1.96 * se, value + 1.96 * se))
