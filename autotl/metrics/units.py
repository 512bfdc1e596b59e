"""Score standardised outputs of numbers in the user's units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import TargetSpec
from autotl.metrics.metric import Metric


@dataclass(frozen=True, slots=True)
class InUnits:
    """A function that gets outputs in the user's units."""

    function: Callable[..., Any]
    spec: TargetSpec

    def __call__(self, targets: NDArray[Any], outputs: NDArray[Any], *rest: Any) -> Any:
        means, scales = number_scales(self.spec)
        return self.function(targets, outputs.astype(np.float64) * scales + means, *rest)


def number_scales(spec: TargetSpec) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the means and scales of a target's numbers.

    They are 0 and 1 if outputs are in the user's units.
    """
    if not spec.scales:
        return np.zeros(spec.outputs), np.ones(spec.outputs)
    return np.asarray(spec.means, dtype=np.float64), np.asarray(spec.scales, dtype=np.float64)


def in_units(metric: Metric, spec: TargetSpec) -> Metric:
    """Return the metric that takes a target's standardised outputs.

    A metric that was made for other means and scales is made anew.
    """
    if isinstance(metric.function, InUnits):
        metric = _bare(metric)
    if not spec.scales:
        return metric
    return _with_functions(metric, lambda function: InUnits(function, spec))


def _bare(metric: Metric) -> Metric:
    return _with_functions(metric, lambda each: each.function if isinstance(each, InUnits) else each)


def _with_functions(metric: Metric, changed: Callable[[Any], Any]) -> Metric:
    """Return the metric with each function of outputs changed."""
    return replace(
        metric,
        function=changed(metric.function),
        per_image=metric.per_image and changed(metric.per_image),
        influence=metric.influence and changed(metric.influence),
        bootstrap=metric.bootstrap and changed(metric.bootstrap),
    )
