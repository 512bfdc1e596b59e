"""Write true and predicted targets into the columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autotl.api import Target, TargetSpec
from autotl.results.by_target.prediction_rows import THRESHOLD, joined_labels

TRUE, PREDICTED = "true:", "predicted:"
"""The beginnings of the columns of true and predicted numbers."""


def true_columns(targets: NDArray[Any], target: TargetSpec) -> dict[str, Any]:
    """Return the columns of true targets: ``label``, or ``true:NAME`` for each number.

    Several labels are joined by ``;``.
    """
    if target.kind == "regression":
        shortest = targets.astype(str).astype(np.float64)  # 0.1 as float32 is 0.100000001
        return {f"{TRUE}{name}": shortest[:, i] for i, name in enumerate(target.names)}
    return {"label": _texts(targets, target)}


def answer_columns(outputs: NDArray[np.float32], target: Target) -> dict[str, Any]:
    """Return the columns of predictions: ``answer``, or ``predicted:NAME`` for each number."""
    predicted, spec = target.predict(outputs), target.spec
    if spec.kind == "regression":
        return {f"{PREDICTED}{name}": predicted[:, i] for i, name in enumerate(spec.names)}
    chosen = predicted > THRESHOLD if spec.kind == "multi_label" else predicted.argmax(1)
    return {"answer": _texts(chosen, spec)}


def _texts(targets: NDArray[Any], target: TargetSpec) -> pd.Series:
    # as objects, because pandas' strings reject names that are not UTF-8
    return pd.Series(_names(targets, target), dtype=object)


def _names(targets: NDArray[Any], target: TargetSpec) -> Sequence[str]:
    if target.kind == "multi_label":
        return joined_labels(targets > 0, target.names)
    return [target.names[index] for index in targets.tolist()]
