"""Metrics: scores to maximise, and numbers for reports.

A search maximises the score; reports show the number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.metrics.builtin import METRICS, correct
    from autotl.metrics.custom import check_defined, check_metric, get_metric, import_reference
    from autotl.metrics.kinds import METRIC_NAMES, METRICS_OF, metric_named
    from autotl.metrics.metric import Metric
    from autotl.metrics.sigmoid import log_sigmoid, sigmoid
    from autotl.metrics.softmax import log_softmax, softmax
    from autotl.metrics.temperature import (
        fit_label_temperature,
        fit_temperature,
        label_negative_log_likelihood,
        negative_log_likelihood,
    )
    from autotl.metrics.units import in_units, number_scales
    from autotl.metrics.user_function import MetricFunction

__all__ = [
    "METRICS",
    "METRICS_OF",
    "METRIC_NAMES",
    "Metric",
    "MetricFunction",
    "check_defined",
    "check_metric",
    "correct",
    "fit_label_temperature",
    "fit_temperature",
    "get_metric",
    "import_reference",
    "in_units",
    "label_negative_log_likelihood",
    "log_sigmoid",
    "log_softmax",
    "metric_named",
    "negative_log_likelihood",
    "number_scales",
    "sigmoid",
    "softmax",
]

lazy_package(__name__)
