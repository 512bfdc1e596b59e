"""Metrics: scores to maximise, and numbers for reports.

A search maximises the score; reports show the number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.metrics.builtin import METRICS, correct
    from autotl.metrics.custom import (
        MetricFunction,
        check_defined,
        check_metric,
        get_metric,
        import_reference,
    )
    from autotl.metrics.metric import Metric
    from autotl.metrics.softmax import log_softmax, softmax
    from autotl.metrics.temperature import fit_temperature, negative_log_likelihood

__all__ = [
    "METRICS",
    "Metric",
    "MetricFunction",
    "check_defined",
    "check_metric",
    "correct",
    "fit_temperature",
    "get_metric",
    "import_reference",
    "log_softmax",
    "negative_log_likelihood",
    "softmax",
]

lazy_package(__name__)
