"""The built-in metrics by the kind of target, and by name."""

from __future__ import annotations

from collections.abc import Mapping

from autotl.api import TargetKind
from autotl.metrics.builtin import METRICS
from autotl.metrics.metric import Metric
from autotl.metrics.multi_label import MULTI_LABEL_METRICS
from autotl.metrics.regression import REGRESSION_METRICS

METRICS_OF: Mapping[TargetKind, Mapping[str, Metric]] = {
    "single_label": METRICS,
    "multi_label": MULTI_LABEL_METRICS,
    "regression": REGRESSION_METRICS,
}
"""The built-in metrics of each kind. Metrics of two kinds may share a name."""
METRIC_NAMES: tuple[str, ...] = tuple(dict.fromkeys(name for each in METRICS_OF.values() for name in each))
"""The names of all built-in metrics."""


def metric_named(name: str) -> Metric | None:
    """Return the first kind's metric of this name, or None."""
    return next((each[name] for each in METRICS_OF.values() if name in each), None)
