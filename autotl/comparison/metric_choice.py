"""Choose the metric in which two runs are compared."""

from __future__ import annotations

from autotl.api import TargetSpec
from autotl.comparison.compared_run import ComparedRun
from autotl.metrics import METRICS_OF, Metric, MetricFunction, get_metric
from autotl.report import format
from autotl.targets import target_of


def choose_metric(
    first: ComparedRun, second: ComparedRun, spec: TargetSpec, given: str | MetricFunction | None
) -> tuple[Metric, str]:
    """Return the metric of a difference, and a note on it.

    The metric is the given one, or the metric of the first run. The note is "" if both runs used it. A report
    may come from anywhere, so a function that it names is not imported. The default metric of the target
    replaces the function.

    Args:
        first: The run that the other is compared with.
        second: The other run.
        spec: The target of both.
        given: The metric that the caller wants; None for the metric of the first run.

    Raises:
        MetricError: The given metric cannot be imported, or cannot score the target.
    """
    if given is not None:
        return get_metric(given, spec), ""
    known, names = METRICS_OF[spec.kind], [run.report.test.metric or "" for run in (first, second)]
    if names[0] not in known:
        default = get_metric(known[target_of(spec).default_metric], spec)
        return default, (
            f"{first.shown} used the function {format.name(names[0])} as metric. Its difference to "
            f"{second.shown} is in {format.metric(default.name)}; give the function with metric= for its own."
        )
    chosen = get_metric(known[names[0]], spec)
    if names[1] == names[0]:
        return chosen, ""
    return chosen, (
        f"{second.shown} optimised {format.metric(names[1])}, and {first.shown} "
        f"{format.metric(names[0])}. Their difference is in {format.metric(names[0])}."
    )
