"""Find a metric by name, or make one from a user's function."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target, TargetSpec
from autotl.errors import FAILURES, MetricError, UnknownName, described
from autotl.metrics.kinds import METRIC_NAMES, METRICS_OF, metric_named
from autotl.metrics.metric import Metric
from autotl.metrics.units import in_units
from autotl.metrics.user_function import CLASSES, MetricFunction, UserScore

MIN_CHECKED_IMAGES = 12
"""Fewest made-up images on which a user's function is checked."""


def get_metric(metric: str | MetricFunction | Metric, spec: TargetSpec | None = None) -> Metric:
    """Return a metric, given its name, a function or ``"package.module:function"``.

    Args:
        metric: The metric.
        spec: The target that it scores. Metrics of standardised numbers take these and score them in the
            user's units. None takes the first kind that has such a metric, single labels for a function.

    Raises:
        UnknownName: No built-in metric has this name.
        MetricError: The function cannot be imported or called, or the metric cannot score the target.
    """
    found = _found(metric)
    return found if spec is None else _of_target(found, spec)


def _found(metric: str | MetricFunction | Metric) -> Metric:
    """Return a metric of any kind of target."""
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, str):
        if (named := metric_named(metric)) is not None:
            return named
        if ":" not in metric:
            raise UnknownName("metric", metric, [*METRIC_NAMES, "package.module:function"])
        return _from_function(_import(metric), metric)
    if not callable(metric):
        raise MetricError(
            f"metric must be a name or a function (got a {type(metric).__name__}). Give one of "
            f"{', '.join(METRIC_NAMES)}, or a function of labels (n,) and probabilities (n, classes)."
        )
    return _from_function(metric, import_reference(metric))


def _of_target(metric: Metric, spec: TargetSpec) -> Metric:
    """Return the metric that scores a target. Raises MetricError if there is none."""
    if isinstance(metric.function, UserScore):
        score = replace(metric.function, spec=spec)
        return replace(metric, function=score, kinds=frozenset({spec.kind}))
    if spec.kind not in metric.kinds:
        known = METRICS_OF[spec.kind]
        if metric.name not in known:
            raise MetricError(
                f"The metric {metric.name} scores {', '.join(sorted(metric.kinds))} targets (got "
                f"{spec.kind}). Choose one of {', '.join(known)} with --metric (metric=)."
            )
        metric = known[metric.name]
    return in_units(metric, spec)


def check_metric(metric: Metric, target: Target) -> None:
    """Check that a metric can score a kind of target.

    A user's function is called once on made-up predictions.

    Raises:
        MetricError: It cannot, or the function fails.
    """
    if target.spec.kind not in metric.kinds:
        raise MetricError(
            f"The metric {metric.name} scores {', '.join(sorted(metric.kinds))} targets (got "
            f"{target.spec.kind}). Choose another metric with --metric."
        )
    if not metric.custom:
        return
    labels, logits = target.example(max(MIN_CHECKED_IMAGES, 2 * target.spec.outputs), seed=0)
    try:
        metric(labels, logits)
    except MetricError:
        raise
    except Exception as error:  # a user's function can raise anything
        raise MetricError(
            f"The metric {metric.name!r} cannot score labels {labels.shape} and probabilities "
            f"{logits.shape}: {type(error).__name__}: {error}"
        ) from error


def check_defined(metric: Metric, parts: Mapping[str, NDArray[Any]], target: Target) -> None:
    """Check that a metric can score the labels of each part.

    Args:
        metric: The metric. A user's function is called on made-up predictions.
        parts: The encoded targets of each part, by the part's name.
        target: The kind of target.

    Raises:
        MetricError: The metric is undefined on a part.
    """
    for part, labels in parts.items():
        why = metric.why_undefined(labels)
        if metric.custom and not why:
            try:
                metric(labels, target.example(len(labels), seed=0)[1])
            except Exception as error:  # a user's function can raise anything
                why = f"{type(error).__name__}: {error}"
        if why:
            raise MetricError(_undefined(metric.name, part, labels, target, why))


def _undefined(name: str, part: str, targets: NDArray[Any], target: Target, why: str) -> str:
    """Return the sentence on a part on which a metric is undefined.

    Args:
        name: The metric.
        part: The part.
        targets: Its encoded targets.
        target: The kind of target.
        why: Why the metric is undefined.
    """
    if target.spec.kind != "single_label":
        return (
            f"The metric {name} is undefined on the {part}, which holds {len(targets)} images: {why}. Add "
            "other images there, or choose another metric with --metric."
        )
    return (
        f"The metric {name} is undefined on the {part}, which holds {len(targets)} images of "
        f"{len(np.unique(targets))} of {target.spec.outputs} classes: {why}. Add images of the other "
        "classes there, or choose another metric with --metric."
    )


def _from_function(function: Any, reference: str | None) -> Metric:
    name = str(getattr(function, "__name__", type(function).__name__))
    if name in METRIC_NAMES:
        raise MetricError(
            f"The metric function must not have the name of a built-in metric (got {name}). "
            "Give it another name."
        )
    score = UserScore(function, name, CLASSES)
    return Metric(name, score, percent=False, bounds=(-np.inf, np.inf), reference=reference, custom=True)


def _import(name: str) -> Any:
    """Import ``"package.module:function"``."""
    module, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except FAILURES as error:  # a user's module can raise anything
        raise MetricError(
            f"The metric {name!r} cannot be imported: {described(error)}. "
            "Give package.module:function, of a module that Python can import."
        ) from error
    for part in path.split("."):
        if not hasattr(found, part):
            raise MetricError(
                f"The metric {name!r} does not exist: {module} has no {path!r}. "
                "Give package.module:function, with a function of that module."
            )
        found = getattr(found, part)
    if not callable(found):
        raise MetricError(
            f"The metric {name!r} must be a function (got a {type(found).__name__}). Give another name."
        )
    return found


def import_reference(function: object) -> str | None:
    """Return the ``"module:function"`` that imports this object; None if none does."""
    module, path = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not module or not path or module == "__main__":
        return None
    try:
        return f"{module}:{path}" if _import(f"{module}:{path}") is function else None
    except MetricError:
        return None
