"""Offer the call that compares runs."""

from __future__ import annotations

from pathlib import Path

from autotl.comparison.compared_run import open_runs
from autotl.comparison.content import compared
from autotl.comparison.difference import differences
from autotl.comparison.result import Comparison
from autotl.metrics import MetricFunction
from autotl.results import Result


def compare(*runs: str | Path | Result, metric: str | MetricFunction | None = None) -> Comparison:
    """Compare runs: data, cost, models, and test scores paired by image.

    Each other run is compared with the first. The test scores are paired by image if the test images have the
    same pixels and targets. Otherwise the comparison states why the scores cannot be compared.

    Args:
        *runs: Two run folders or results, or more.
        metric: The metric of the differences, as for :func:`autotl.fit`; None for the metric of the first
            run.

    Raises:
        ArgumentError: There are fewer than two runs.
        MetricError: The metric cannot be imported, or cannot score the target.
        RunError: A folder holds no run, or was edited wrongly.

    >>> print(autotl.compare("runs/a", "runs/b"))
    """
    opened = open_runs(runs)
    found = differences(opened, metric=metric, seed=opened[0].report.seed or 0)
    return Comparison(compared(opened, found))
