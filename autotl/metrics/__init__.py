"""Metrics: the score to search by, and the number people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.metrics.builtin import METRICS
    from autotl.metrics.custom import OwnMetric, check_defined, check_metric, metric, reference
    from autotl.metrics.metric import Metric, shares
    from autotl.metrics.softmax import log_softmax, softmax
    from autotl.metrics.temperature import fit_temperature, negative_log_likelihood

__all__ = [
    "METRICS",
    "Metric",
    "OwnMetric",
    "check_defined",
    "check_metric",
    "fit_temperature",
    "log_softmax",
    "metric",
    "negative_log_likelihood",
    "reference",
    "shares",
    "softmax",
]

lazy_package(__name__)
