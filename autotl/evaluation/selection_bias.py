"""Measure the selection bias of the chosen trial's validation score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.evaluation.resampling import bootstrap_scores
from autotl.metrics import Metric, get_metric
from autotl.seeds import derive

LabelledLogits = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Labels (n,) and logits (n, classes)."""


@dataclass(frozen=True, slots=True)
class SelectionBias:
    """The chosen trial's validation score minus its test score.

    Both scores are of networks trained on the same fraction of the images.
    """

    value: float
    se: float
    ci95: tuple[float, float]


def selection_bias(
    validation_score: float | None,
    folds: Sequence[LabelledLogits],
    test: LabelledLogits,
    *,
    metric: str | Metric,
    seed: int,
) -> SelectionBias | None:
    """Compare the chosen trial's validation score with its test score.

    The best of many trials owes its validation score partly to chance (Cawley & Talbot, On Over-fitting in
    Model Selection, JMLR 2010). The parts share no image, so the bootstrap variances over the folds and over
    the test images are added.

    Args:
        validation_score: The score that the trial was chosen by.
        folds: Validation predictions of one repeat; further repeats bring no further images.
        test: Test predictions of the trial.
        metric: The metric or its name.
        seed: Draws the bootstrap samples.

    Returns:
        The difference; None without validation.
    """
    if validation_score is None or not folds:
        return None
    value = validation_score - get_metric(metric)(*test)
    scores = [
        bootstrap_scores(metric, labels, [logits], seed=derive(seed, "fold", i))[0]
        for i, (labels, logits) in enumerate(folds)
    ]
    variance = sum(float(np.nanvar(each)) for each in scores) / len(folds) ** 2
    variance += float(np.nanvar(bootstrap_scores(metric, test[0], [test[1]], seed=seed)[0]))
    se = math.sqrt(variance)
    return SelectionBias(value, se, (value - 1.96 * se, value + 1.96 * se))
