"""Measure the selection bias of the chosen trial's validation score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target
from autotl.evaluation.resampling import bootstrap_scores
from autotl.metrics import Metric, get_metric
from autotl.seeds import derive
from autotl.targets import SingleLabel

LabelledLogits = tuple[NDArray[Any], NDArray[np.float32]]
"""Encoded targets (n,) or (n, k), and outputs (n, k)."""


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
    target: Target | None = None,
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
        target: The kind of target; None for single labels.

    Returns:
        The difference; None without validation.
    """
    if validation_score is None or not folds:
        return None
    target = target or SingleLabel.numbered(test[1].shape[1])
    metric = get_metric(metric, target.spec)
    value = validation_score - metric(*test)
    scores = [
        bootstrap_scores(metric, labels, [logits], seed=derive(seed, "fold", i), target=target)[0]
        for i, (labels, logits) in enumerate(folds)
    ]
    variance = sum(float(np.nanvar(each)) for each in scores) / len(folds) ** 2
    tested = bootstrap_scores(metric, test[0], [test[1]], seed=seed, target=target)[0]
    variance += float(np.nanvar(tested))
    se = math.sqrt(variance)
    return SelectionBias(value, se, (value - 1.96 * se, value + 1.96 * se))
