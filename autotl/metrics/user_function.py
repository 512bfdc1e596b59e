"""Call a user's function as a metric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import TargetSpec
from autotl.errors import MetricError, described
from autotl.metrics.sigmoid import sigmoid
from autotl.metrics.softmax import softmax
from autotl.metrics.units import number_scales

MetricFunction = Callable[[NDArray[Any], NDArray[np.float64]], float]
"""A user's metric: targets and predictions to a number; higher is better.

Targets are as :class:`autotl.api.Target` encodes them. Predictions are probabilities (n, classes) or
(n, labels), or numbers (n, numbers) in the user's units.
"""
CLASSES = TargetSpec("single_label", ())
"""The target of a function before the data is read."""


@dataclass(frozen=True, slots=True)
class UserScore:
    """Scores outputs by a user's function of predictions.

    Attributes:
        function: The function.
        name: Its name in errors.
        spec: The target, which tells predictions from outputs.
    """

    function: MetricFunction
    name: str
    spec: TargetSpec

    def __call__(self, targets: NDArray[Any], outputs: NDArray[np.float32]) -> float:
        return _call(self.function, self.name, targets, _predictions(outputs, self.spec))


def _predictions(outputs: NDArray[np.float32], spec: TargetSpec) -> NDArray[np.float64]:
    """Return what users see of outputs."""
    values = outputs.astype(np.float64)
    if spec.kind == "regression":
        means, scales = number_scales(spec)
        return values * scales + means
    return sigmoid(values) if spec.kind == "multi_label" else softmax(values, axis=1)


def _call(
    function: MetricFunction, name: str, targets: NDArray[Any], predictions: NDArray[np.float64]
) -> float:
    """Call a user's function on copies. Raises MetricError if it returns no finite number."""
    try:
        returned: Any = function(targets.copy(), predictions.copy())
    except SystemExit as error:
        raise MetricError(f"The metric {name} ended the program ({described(error)}).") from error
    try:
        number = float(returned) if np.ndim(returned) == 0 else None
    except (TypeError, ValueError):
        number = None
    if number is None:
        raise MetricError(f"Metric {name!r} returned a {type(returned).__name__}; it must return one number.")
    if not np.isfinite(number):
        raise MetricError(f"Metric {name!r} returned {number}; it must return a finite number.")
    return number
