"""The mean of how correct predictions are, as a metric."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target, TargetSpec
from autotl.metrics import METRICS, Metric


def correctness(target: Target) -> Metric:
    """Return the mean of :meth:`autotl.api.Target.correct`: of classes the accuracy."""
    if target.spec.kind == "single_label":
        return METRICS["accuracy"]
    return Metric(
        "correctness",
        partial(_mean, target),
        per_image=partial(_of_each, target),
        accuracy_like=True,
        kinds=frozenset({target.spec.kind}),
    )


def numbered_classes(labels: NDArray[np.int64]) -> TargetSpec:
    """Return the target whose classes are numbered up to the largest label."""
    classes = int(labels.max(initial=0)) + 1
    return TargetSpec("single_label", tuple(map(str, range(classes))))


def _of_each(target: Target, targets: NDArray[Any], outputs: NDArray[np.float32]) -> NDArray[np.float64]:
    return target.correct(outputs, targets).astype(np.float64)


def _mean(target: Target, targets: NDArray[Any], outputs: NDArray[np.float32]) -> float:
    return float(target.correct(outputs, targets).mean())
